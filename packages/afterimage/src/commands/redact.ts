/** `afterimage redact`: redacts an existing snapshot. */
import { inputName } from '../files/input-name.js';
import { formatBytes } from '@afterimage/host/format';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
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
import { checkDestination, checkStandardOutput } from '../files/destination.js';
import { asCommandError } from '../files/as-command-error.js';
import { interruption } from '../cli/interruption.js';
import { writeOutput } from '../files/output.js';
import { progressLine } from '../cli/progress-line.js';
import { formatNumberOf } from '../cli/quantities.js';
import { redactTo, type RedactedOutput } from '../jobs/redacting.js';
import { levelOption } from '../cli/redaction-option.js';
import { sameFile } from '../files/same-file.js';
import { openStoredSnapshot } from '../files/stored-stream.js';
import { visible, visibleJson } from '../cli/visible.js';

interface Options extends RecipientOptions, IdentityOptions {
  redact: RedactionLevel;
  output?: string;
  json?: true;
  force?: true;
}

export function redactCommand(): Command {
  const command = new Command('redact')
    .description('take strings, and names that are data, out of a heap snapshot')
    .argument('<in>', 'the snapshot, plain or compressed with zstd or gzip; - reads standard input')
    .argument('[out]', 'output file: FILE, FILE.gz or FILE.zst to compress it, - for standard output')
    .option('-o, --output <file>', 'the same, in place of the argument')
    .addOption(levelOption())
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
  const { redact: level, json } = options;
  const force = options.force === true;
  const output = outputOf(out, options);
  await checkUsage(input, output, json === true);
  const [recipients, identities] = [await recipientsOf(options), await identitiesOf(options)];
  const signal = interruption();
  const progress = progressLine();
  try {
    await checkDestination(output, force);
    const chunks = await openStoredSnapshot(input, identities, signal);
    const write = (to: Writable): Promise<RedactedOutput> =>
      redactTo(to, output, chunks, { level, recipients, signal, progress });
    const written = await writeOutput(output, force, write);
    progress.clear();
    if (json) console.log(visibleJson(JSON.stringify(report(written, output))));
    else console.error(`afterimage: ${summary(written, output)}`);
  } catch (error) {
    progress.clear();
    throw signal.aborted ? signal.reason : asCommandError(error, { input: inputName(input), output });
  }
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
  { fileBytes, nodes, edges, provenance, leftOut, trailingBytes, sha256 }: RedactedOutput,
  output: string,
): string {
  const counts = `${formatNumberOf(nodes, 'node')}, ${formatNumberOf(edges, 'edge')}`;
  const what = output === '-' ? 'the snapshot' : output;
  const without = leftOut.length === 0 ? '' : `, without the unknown ${leftOut.map(visible).join(', ')}`;
  const behind = trailingBytes === 0 ? '' : `, without ${formatBytes(trailingBytes)} after its end`;
  return `wrote ${what} (${formatBytes(fileBytes)}, ${counts}; redacted: ${provenance.redaction}${without}${behind}), sha256 ${sha256}`;
}

function report(
  { fileBytes: bytes, nodes, edges, strings, provenance, leftOut, sha256 }: RedactedOutput,
  path: string,
): object {
  return { path, bytes, sha256, nodes, edges, strings, redaction: provenance.redaction, leftOut };
}
