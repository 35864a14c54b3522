/** `afterimage redact`: redacts an existing snapshot, or what is read out of an image. */
import { inputName } from '../files/input-name.js';
import { formatBytes } from '@afterimage/host/format';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import { CommandError } from '../cli/command-error.js';
import { addVerbHelp } from '../cli/verb-help.js';
import {
  identitiesOf,
  identityOption,
  recipientOption,
  recipientsOf,
  type IdentityOptions,
  type RecipientOptions,
} from '../files/encryption-options.js';
import { split } from '../files/compression.js';
import { checkDestination, checkStandardOutput } from '../files/destination.js';
import { asCommandError } from '../files/as-command-error.js';
import { interruption } from '../cli/interruption.js';
import { writeOutput } from '../files/output.js';
import { progressLine } from '../cli/progress-line.js';
import { formatNumberOf } from '../cli/quantities.js';
import { developBy } from '../jobs/developing-by.js';
import { othersText } from '../jobs/isolates.js';
import { imageOf, type OpenedImage } from '../jobs/opened-image.js';
import { redactTo, type RedactedOutput, type Redacting } from '../jobs/redacting.js';
import { isolateOption, type IsolateOptions } from '../cli/isolate-option.js';
import { levelOption } from '../cli/redaction-option.js';
import { checkImageOptions } from '../jobs/snapshot-input.js';
import { sameFile } from '../files/same-file.js';
import { BEGINNING_BYTES, isImage, openStored } from '../files/stored-stream.js';
import { visible, visibleJson } from '../cli/visible.js';

interface Options extends RecipientOptions, IdentityOptions, IsolateOptions {
  redact: RedactionLevel;
  output?: string;
  json?: true;
  force?: true;
}

interface Written extends Pick<
  RedactedOutput,
  'fileBytes' | 'nodes' | 'edges' | 'leftOut' | 'trailingBytes' | 'sha256'
> {
  /** Null for an image: they are not counted. */
  strings: number | null;
  redaction: RedactionLevel;
}

export function redactCommand(): Command {
  const command = new Command('redact')
    .description('take strings, and names that are data, out of a heap snapshot')
    .argument('<in>', 'the snapshot or image, plain or compressed with zstd or gzip; - reads standard input')
    .argument('[out]', 'output file: FILE, FILE.gz or FILE.zst to compress it, - for standard output')
    .option('-o, --output <file>', 'the same, in place of the argument')
    .addOption(levelOption())
    .addOption(isolateOption())
    .addOption(recipientOption())
    .addOption(identityOption())
    .option('--json', 'print what was done as one JSON document')
    .option('--force', 'overwrite an existing file');
  return addVerbHelp(command, {
    examples: [
      'redact raw.heapsnapshot safe.heapsnapshot',
      'redact raw.heapsnapshot safe.heapsnapshot.gz --redact names',
    ],
    exits: ['refused'],
    document: 'docs/redaction.md',
  }).action(runRedact);
}

async function runRedact(input: string, out: string | undefined, options: Options): Promise<void> {
  const { redact: level, isolate, json } = options;
  const force = options.force === true;
  const output = outputOf(out, options);
  await checkUsage(input, output, json === true);
  const [recipients, identities] = [await recipientsOf(options), await identitiesOf(options)];
  const signal = interruption();
  const progress = progressLine();
  try {
    await checkDestination(output, force);
    const redacting = { level, recipients, signal, progress };
    const [beginning, chunks] = await split(await openStored(input, identities, signal), BEGINNING_BYTES);
    checkImageOptions({ isolate }, isImage(beginning));
    const written = isImage(beginning)
      ? await fromImage(await imageOf(input, chunks, identities, signal), output, force, redacting, isolate)
      : await writeOutput(output, force, (to) => redactTo(to, output, chunks, redacting));
    progress.clear();
    if (json) console.log(visibleJson(JSON.stringify(report(written, output))));
    else console.error(`afterimage: ${summary(written, output)}`);
  } catch (error) {
    progress.clear();
    throw signal.aborted ? signal.reason : asCommandError(error, { input: inputName(input), output });
  }
}

/** An image is not redacted, but what is read out of it. */
async function fromImage(
  image: OpenedImage,
  output: string,
  force: boolean,
  { level: redact, ...rest }: Redacting,
  isolate: string | undefined,
): Promise<Written> {
  const developed = await developBy('auto', image, output, { redact, force, ...rest }, isolate);
  const others = othersText(developed.others);
  rest.progress.clear();
  if (others !== null) console.error(`afterimage: ${others}`);
  return { ...developed, strings: null, leftOut: [], trailingBytes: 0 };
}

function outputOf(out: string | undefined, { output = out }: Options): string {
  if (output === undefined) throw new CommandError('usage', "missing required argument 'out'");
  if (out !== undefined && out !== output) throw new CommandError('usage', 'name one output: OUT or -o OUT');
  return output;
}

async function checkUsage(input: string, output: string, json: boolean): Promise<void> {
  checkStandardOutput(output, json);
  if (await sameFile(input, output)) {
    throw new CommandError('usage', `${output} is the snapshot itself; name another file`);
  }
  if (input !== '-') {
    await stat(input).catch(() => {
      throw new CommandError('failed', `${input} does not exist`);
    });
  }
}

function summary(
  { fileBytes, nodes, edges, redaction, leftOut, trailingBytes, sha256 }: Written,
  output: string,
): string {
  const counts = `${formatNumberOf(nodes, 'node')}, ${formatNumberOf(edges, 'edge')}`;
  const what = output === '-' ? 'the snapshot' : output;
  const without = leftOut.length === 0 ? '' : `, without the unknown ${leftOut.map(visible).join(', ')}`;
  const behind = trailingBytes === 0 ? '' : `, without ${formatBytes(trailingBytes)} after its end`;
  return `wrote ${what} (${formatBytes(fileBytes)}, ${counts}; redacted: ${redaction}${without}${behind}), sha256 ${sha256}`;
}

function report(
  { fileBytes: bytes, nodes, edges, strings, redaction, leftOut, sha256 }: Written,
  path: string,
): object {
  return { path, bytes, sha256, nodes, edges, strings, redaction, leftOut };
}
