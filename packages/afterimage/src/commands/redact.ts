/** `afterimage redact`: takes what must not be read out of a snapshot that was written without that. */
import { formatBytes } from '@afterimage/agent/figures';
import { checkOutput } from '@afterimage/agent/output-file';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CommandError } from '../command-error.js';
import {
  identitiesOf,
  identityOption,
  recipientOption,
  recipientsOf,
  type IdentityOptions,
  type RecipientOptions,
} from '../encryption-options.js';
import { inputFailure } from '../input-errors.js';
import { interruption } from '../interruption.js';
import { outputFailure, writeOutputFile, writeStandardOutput } from '../output.js';
import { progressLine } from '../progress-line.js';
import { formatNumberOf } from '../quantities.js';
import { redactTo, type RedactedOutput } from '../redacting.js';
import { levelOption } from '../redaction-option.js';
import { sameFile } from '../same-file.js';
import { openStoredSnapshot } from '../stored-stream.js';
import { visible } from '../visible.js';

interface Options extends RecipientOptions, IdentityOptions {
  redact: RedactionLevel;
  json?: true;
}

export function redactCommand(): Command {
  return new Command('redact')
    .description('take strings, and names that are data, out of a heap snapshot')
    .argument('<in>', 'the snapshot, plain or compressed with zstd or gzip; - reads standard input')
    .argument('<out>', 'where the redacted snapshot goes; - is standard output')
    .addOption(levelOption())
    .addOption(recipientOption())
    .addOption(identityOption())
    .option('--json', 'print what was done as one JSON document')
    .action(runRedact);
}

async function runRedact(input: string, output: string, options: Options): Promise<void> {
  const { redact: level, json } = options;
  await checkUsage(input, output, json === true);
  const [recipients, identities] = [await recipientsOf(options), await identitiesOf(options)];
  const signal = interruption();
  const progress = progressLine();
  try {
    if (output !== '-') await checkOutput(output);
    const chunks = await openStoredSnapshot(input, identities, signal);
    const write = (to: Writable): Promise<RedactedOutput> =>
      redactTo(to, chunks, { level, recipients, signal, progress });
    const written = output === '-' ? await writeStandardOutput(write) : await writeOutputFile(output, write);
    progress.clear();
    if (json) console.log(JSON.stringify(report(written, output)));
    else console.error(`afterimage: ${summary(written, output)}`);
  } catch (error) {
    progress.clear();
    throw signal.aborted ? signal.reason : explain(error, input, output);
  }
}

async function checkUsage(input: string, output: string, json: boolean): Promise<void> {
  if (output === '-') {
    if (json) throw new CommandError('usage', '--json and - both want standard output; name a file');
    if (process.stdout.isTTY) {
      throw new CommandError('usage', 'standard output is a terminal: name a file, or pipe it on');
    }
  } else if (await sameFile(input, output)) {
    throw new CommandError('usage', `${output} is the snapshot itself; name another file`);
  }
  if (input !== '-') {
    await stat(input).catch(() => {
      throw new CommandError('failed', `${input} does not exist`);
    });
  }
}

function summary(
  { bytes, nodes, edges, provenance, leftOut, trailingBytes, sha256 }: RedactedOutput,
  output: string,
): string {
  const counts = `${formatNumberOf(nodes, 'node')}, ${formatNumberOf(edges, 'edge')}`;
  const what = output === '-' ? 'the snapshot' : output;
  const without = leftOut.length === 0 ? '' : `, without the unknown ${leftOut.map(visible).join(', ')}`;
  const behind = trailingBytes === 0 ? '' : `, without ${formatBytes(trailingBytes)} behind its end`;
  return `wrote ${what} (${formatBytes(bytes)}, ${counts}; redacted: ${provenance.redaction}${without}${behind}), sha256 ${sha256}`;
}

function report(
  { bytes, nodes, edges, strings, provenance, leftOut, sha256 }: RedactedOutput,
  path: string,
): object {
  return { path, bytes, sha256, nodes, edges, strings, redaction: provenance.redaction, leftOut };
}

function explain(error: unknown, input: string, output: string): unknown {
  const name = input === '-' ? 'standard input' : input;
  return inputFailure(error, name) ?? outputFailure(error, output) ?? error;
}
