/** The verbs that read snapshots answer from an image what they answer from the snapshot that is developed of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import createHashes from 'xxhash-wasm';
import { decompressed } from '../../../packages/afterimage/dist/files/compression.js';
import { runCommand, type CommandEnd } from '../command.js';
import { label } from '../fixtures/planted.js';
import { storeImage } from '../image/stored-image.js';
import { nodeOf } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';
import { debianProgram } from '../targets/debian-program.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-reading-images-'));
after(() => rmSync(directory, { recursive: true }));
const inDirectory = (name: string): string => path.join(directory, name);

interface Report {
  file: string;
  redaction: string;
  pid: number;
  process: { rss: number };
  suspects: { title: string }[];
  instances?: { instances: { id: number }[] };
}

describe('an image is read as its snapshot is', { timeout: PATIENCE_MS }, () => {
  const image = inDirectory('app.image');
  /** The same, as it was stored. */
  let compressed: string;
  /** Read out of it. */
  let snapshot: string;

  before(async () => {
    compressed = await storeImage(nodeOf(20), directory);
    writeFileSync(image, await plainBytes(compressed));
    snapshot = inDirectory('read.heapsnapshot');
    await succeeded('develop', image, '--by', 'reader', '-o', snapshot);
  });

  test('each verb prints what it prints of the snapshot, with nothing secret', async () => {
    const { instances } = await report('instances', image, 'PlantedThing');
    const id = String(instances?.instances[0]?.id);
    const questions: string[][] = [
      ['instances', 'PlantedThing'],
      ['path', id],
      ['retainers', id],
      ['strings'],
      ['analyze'],
    ];
    for (const [verb = '', ...rest] of questions) {
      const [ours, theirs] = [
        await printed(verb, image, ...rest, '--json'),
        await printed(verb, snapshot, ...rest, '--json'),
      ];
      assert.equal(ours.replaceAll(image, snapshot), theirs, verb);
      assert.ok(!ours.includes(label(7).slice(0, 12)), ours);
    }
  });

  test('--redact none shows contents, and is of images only', async () => {
    const strings = await printed('strings', image, '--redact', 'none', '--json');
    assert.ok(!strings.includes('‹'));
    await refused(['strings', snapshot, '--redact', 'none'], 2, /--redact says how an image is read/);
  });

  test('a compressed one frame by frame, and one that is a single stream', async () => {
    const single = inDirectory('single.image.gz');
    writeFileSync(single, gzipSync(readFileSync(image), { level: 1 }));
    for (const file of [compressed, single])
      assert.equal(await printed('path', file, '1'), await printed('path', snapshot, '1'));
  });

  test('an encrypted one with its identity, and with no other', async () => {
    debianProgram('age');
    const [key, other, encrypted] = ['key.txt', 'other.txt', 'app.image.age'].map(inDirectory);
    assert.ok(key !== undefined && other !== undefined && encrypted !== undefined);
    for (const file of [key, other]) execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim();
    execFileSync('age', ['-r', recipient, '-o', encrypted, compressed]);
    const ours = await printed('path', encrypted, '1', '--identity', key);
    assert.equal(ours, await printed('path', snapshot, '1'));
    await refused(['path', encrypted, '1'], 1, /is encrypted: name the identity/);
    await refused(['path', encrypted, '1', '--identity', other], 1, /app\.image\.age: [^\n]*identit/);
  });

  test('one that the reader does not know is developed by V8, and a line says so', async () => {
    const bytes = readFileSync(image);
    bytes.write('"v8Version":"9', bytes.indexOf('"v8Version":"1'));
    const hash = (await createHashes()).create64();
    bytes.writeBigUInt64LE(hash.update(bytes.subarray(0, -16)).digest(), bytes.length - 16);
    const unknown = inDirectory('unknown.image');
    writeFileSync(unknown, bytes);
    const line =
      /^afterimage: [^\n]*unknown\.image: V8 9\S+ is not among those that can be read; V8's own generator develops it instead\n/;
    const { code, stderr, stdout } = await runCommand(['instances', unknown, 'PlantedThing']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, line);
    assert.match(stdout.toString(), /1,234/);
    const output = inDirectory('unknown.heapsnapshot');
    const developed = await runCommand(['develop', unknown, '--by', 'auto', '-o', output, '--json']);
    assert.match(developed.stderr, line);
    assert.equal((JSON.parse(developed.stdout.toString()) as { by: string }).by, 'v8');
  });

  test('redact writes what is read out of it', async () => {
    const output = inDirectory('redacted.heapsnapshot');
    await succeeded('redact', image, output);
    assert.ok(!readFileSync(output).includes(label(7)));
    const { stdout } = await runCommand(['verify', output]);
    assert.match(stdout.toString(), /redaction strings.*\n {2}read out of an image by Afterimage/);
  });

  test('diff does not compare it with a snapshot by V8, which then develops it too', async () => {
    const v8 = inDirectory('by-v8.heapsnapshot');
    await succeeded('develop', image, '-o', v8);
    const { stderr, stdout } = await runCommand(['diff', image, v8, '--json']);
    assert.match(
      stderr,
      /^afterimage: [^\n]*by-v8\.heapsnapshot is by V8's own generator, which develops the images too/,
    );
    assert.equal((JSON.parse(stdout.toString()) as { growth: { nodes: number } }).growth.nodes, 0);
    await refused(
      ['diff', '-', v8],
      1,
      /standard input cannot be read a second time/,
      readFileSync(compressed),
    );
  });

  test('a damaged one is refused in one line', async () => {
    const cut = inDirectory('cut.image');
    const bytes = readFileSync(compressed);
    writeFileSync(cut, bytes.subarray(0, bytes.length >> 1));
    await refused(['analyze', cut], 1, /cut\.image: the \w+ data is truncated/);
    await refused(['diff', cut, image], 1, /cut\.image: the \w+ data is truncated/);
    await refused(
      ['redact', cut, inDirectory('none.heapsnapshot')],
      1,
      /cut\.image: the \w+ data is truncated/,
    );
  });
});

async function plainBytes(file: string): Promise<Buffer> {
  return buffer(decompressed(createReadStream(file)));
}

async function succeeded(...args: string[]): Promise<CommandEnd> {
  const end = await runCommand(args);
  assert.equal(end.code, 0, end.stderr);
  return end;
}

async function report(...args: string[]): Promise<Report> {
  return JSON.parse((await succeeded(...args, '--json')).stdout.toString()) as Report;
}

/** Hashes, whose keys differ, left out. */
async function printed(...args: string[]): Promise<string> {
  const { stdout } = await succeeded(...args);
  return stdout.toString().replaceAll(/#[0-9a-z]{12}/g, '#');
}

async function refused(args: string[], code: number, line: RegExp, input?: Buffer): Promise<void> {
  const end = await runCommand(args, input === undefined ? {} : { input });
  assert.match(end.stderr, /^afterimage: [^\n]+\n$/);
  assert.match(end.stderr, line);
  assert.equal(end.code, code);
  assert.equal(end.stdout.length, 0);
}
