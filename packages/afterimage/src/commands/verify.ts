/** `afterimage verify`: tells whether a file is complete and unaltered, and how it was redacted. */
import { inputName } from '../files/input-name.js';
import { readImage } from '@afterimage/image/read';
import { formatBytes } from '@afterimage/host/format';
import { endingReader, redactor, type Target } from '@afterimage/snapshot/redaction';
import { Command } from 'commander';
import { createHash } from 'node:crypto';
import { CommandError } from '../cli/command-error.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { decompressed, split } from '../files/compression.js';
import { identitiesOf, identityOption, type IdentityOptions } from '../files/encryption-options.js';
import { asCommandError } from '../files/as-command-error.js';
import { openInput } from '../files/input.js';
import { imageDigest } from '../files/image-digest.js';
import { progressLine } from '../cli/progress-line.js';
import { formatNumberOf } from '../cli/quantities.js';
import { BEGINNING_BYTES, clear, isImage } from '../files/stored-stream.js';
import { visible, visibleJson } from '../cli/visible.js';

interface Verified {
  kind: 'snapshot' | 'image';
  /** SHA-256 of the file as it is, including compression. */
  sha256: string;
  bytes: number;
  /** Whether the hash at its end matches its contents; null if it has none. */
  unaltered: true | null;
  redaction: string | null;
  version: string | null;
  /** What made the snapshot: V8's own generator, or Afterimage's reader; null if it is unknown. */
  by: 'v8' | 'reader' | null;
  target: Target | null;
  leftOut: string[];
  nodes?: number;
  edges?: number;
}

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('tell whether a snapshot or an image is complete and unaltered')
    .argument('<file>', 'plain or compressed with zstd or gzip; - reads standard input')
    .addOption(identityOption())
    .option('--json', 'print what was found as one JSON document');
  return addVerbHelp(command, {
    examples: ['verify app.heapsnapshot', 'verify app.image.zst.age --identity key.txt'],
    document: 'docs/security.md',
  }).action(runVerify);
}

interface Options extends IdentityOptions {
  json?: true;
}

async function runVerify(path: string, options: Options): Promise<void> {
  const { json } = options;
  const identities = await identitiesOf(options);
  const name = inputName(path);
  const progress = progressLine();
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const input = await openInput(path);
    const [beginning, chunks] = await split(
      decompressed(await clear(hashed(input), path, identities)),
      BEGINNING_BYTES,
    );
    const found = isImage(beginning) ? await verifyImage(chunks, name) : await verifySnapshot(chunks, name);
    progress.clear();
    const verified: Verified = { ...found, sha256: hash.digest('hex'), bytes };
    if (json) console.log(visibleJson(JSON.stringify({ path, ...verified })));
    else for (const line of linesOf(name, verified)) console.log(line);
  } catch (error) {
    progress.clear();
    throw asCommandError(error, { input: name });
  }

  async function* hashed(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      hash.update(chunk);
      bytes += chunk.length;
      progress.show(`reading ${visible(name)}: ${formatBytes(bytes)}`, null);
      yield chunk;
    }
  }
}

type Found = Omit<Verified, 'sha256' | 'bytes'>;

async function verifySnapshot(chunks: AsyncIterable<Uint8Array>, name: string): Promise<Found> {
  // The redactor reads every row and string with the least memory; its output is discarded.
  const reader = redactor({ level: 'strings' });
  const contents = endingReader();
  for await (const chunk of chunks) {
    contents.push(chunk);
    reader.push(chunk);
  }
  const { redacted } = reader.end();
  const { ending, sha256 } = contents.end();
  if (redacted.trailingBytes > 0) {
    throw altered(name, `${formatBytes(redacted.trailingBytes)} follow the end of the snapshot`);
  }
  if (redacted.before !== null && ending === null) {
    throw altered(name, 'Afterimage wrote it, and its last line is not there');
  }
  if (ending !== null && ending.sha256 !== sha256) {
    throw altered(
      name,
      `its contents have the SHA-256 ${sha256}, but were written with ${ending.sha256}; ` +
        'copy it again from where it was captured',
    );
  }
  return {
    kind: 'snapshot',
    unaltered: ending === null ? null : true,
    redaction: redacted.before?.redaction ?? null,
    version: redacted.before?.version ?? null,
    by: redacted.before === null ? null : (redacted.before.by ?? 'v8'),
    target: redacted.before?.target ?? null,
    leftOut: ending?.leftOut ?? [],
    nodes: redacted.nodes,
    edges: redacted.edges,
  };
}

async function verifyImage(chunks: AsyncIterable<Uint8Array>, fileName: string): Promise<Found> {
  const image = await readImage(chunks);
  const { imageBytes, metadata } = image.header;
  const digest = await imageDigest();
  let read = 0;
  for await (const chunk of image.chunks) {
    read += chunk.length;
    digest.push(chunk);
  }
  if (read !== imageBytes) {
    const what = read < imageBytes ? 'it is cut off' : 'something follows its end';
    throw new CommandError(
      'failed',
      `${fileName}: ${what}: it has ${formatBytes(read)}, and its header says ${formatBytes(imageBytes)}; copy it again, or capture again`,
    );
  }
  if (!digest.matches()) {
    throw altered(
      fileName,
      'its contents are not those its digest was made of; copy it again, or capture again',
    );
  }
  const { name, pid, nodeVersion, v8Version, arch, capturedAt } = metadata;
  const target = { name, pid, node: nodeVersion, v8: v8Version, arch, time: capturedAt };
  return { kind: 'image', unaltered: true, redaction: null, version: null, by: null, target, leftOut: [] };
}

function altered(name: string, what: string): CommandError {
  return new CommandError('failed', `${name}: altered: ${what}`);
}

function linesOf(name: string, verified: Verified): string[] {
  const { kind, bytes, sha256, unaltered, redaction, version, by, target, leftOut, nodes, edges } = verified;
  const lines = [
    unaltered
      ? `${visible(name)}: complete and unaltered`
      : `${visible(name)}: complete; it contains no hash, so it is unknown whether it was altered`,
    `  ${kind} of ${formatBytes(bytes)}` +
      (nodes === undefined || edges === undefined
        ? ''
        : `, ${formatNumberOf(nodes, 'node')}, ${formatNumberOf(edges, 'edge')}`),
    `  sha256 ${sha256}`,
  ];
  if (kind === 'image') lines.push('  not redacted: an image is all of the memory of the process');
  else if (redaction === null) lines.push('  probably not redacted: it was not written by Afterimage');
  else lines.push(`  redaction ${redaction}, by Afterimage ${visible(version ?? '')}`);
  if (by === 'v8') lines.push("  written by V8's own generator");
  if (by === 'reader') lines.push("  read out of an image by Afterimage, not written by V8's own generator");
  if (leftOut.length > 0) lines.push(`  without the sections ${leftOut.map(visible).join(', ')}`);
  if (target !== null) lines.push(`  ${targetText(target)}`);
  return lines;
}

function targetText({ name, pid, node, v8, arch, time, process }: Target): string {
  const parts = [
    `of ${name ?? 'a process'}${pid === undefined ? '' : ` (pid ${pid})`}`,
    node === undefined ? '' : `on Node ${node}${v8 === undefined ? '' : ` (V8 ${v8})`}`,
    arch ?? '',
    time === undefined ? '' : `at ${time}`,
    process === undefined ? '' : `RSS ${formatBytes(process.rss)}`,
  ];
  return visible(parts.filter((part) => part !== '').join(', '));
}
