/** Options that `analyze` and `diff` share: how a report is shown and where it goes. */
import { formatBytes } from '@afterimage/host/format';
import { OutputError, outputError } from '@afterimage/host/output-file';
import type { RedactionLevel } from '@afterimage/snapshot';
import type { Command } from 'commander';
import { lstat, stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CommandError, OutputClosedError } from '../cli/command-error.js';
import { compressedOutput, compressionOf } from '../files/compressed-output.js';
import { checkDestination } from '../files/destination.js';
import { identityOption, type IdentityOptions } from '../files/encryption-options.js';
import { writeOutputFile, writeStandardOutput } from '../files/output.js';
import { interruption } from '../cli/interruption.js';
import { isolateOption, type IsolateOptions } from '../cli/isolate-option.js';
import { imageLevelOption } from '../cli/redaction-option.js';
import { wholeNumber } from '../cli/whole-number.js';
import { addFormatOptions, formatOf, type FormatOptions } from './format-options.js';
import type { Output } from './looks/output.js';
import type { TerminalLook } from './looks/terminal.js';
import { lookOf } from './looks/terminal-look.js';

export interface ReportOptions extends IdentityOptions, FormatOptions, IsolateOptions {
  redact?: RedactionLevel;
  top?: number;
  verbose?: true;
  suspect?: number;
}

/** Adds the options of a report on a whole heap. */
export function addReportOptions(command: Command): Command {
  return addFormatOptions(command)
    .addOption(identityOption())
    .addOption(imageLevelOption())
    .addOption(isolateOption())
    .option('--verbose', 'show details of all suspects, and every table')
    .option('--suspect <n>', 'show all details of this suspect', wholeNumber)
    .option('--top <n>', 'how many classes and suspects to show', wholeNumber);
}

/**
 * Checks the options; call it before long work.
 * @throws {CommandError} if the report cannot be written, or would overwrite one of `inputs`
 */
export async function checkReportOptions(
  options: FormatOptions,
  inputs: readonly string[] = [],
): Promise<void> {
  const { output = '-', force } = options;
  if (inputs.filter((input) => input === '-').length > 1) {
    throw new CommandError('usage', 'standard input can be read once: give the other snapshots as files');
  }
  if (output === '-') {
    if (formatOf(options) === 'html' && process.stdout.isTTY) {
      throw new CommandError('usage', 'HTML is a page for the browser: give -o a file, or pipe it on');
    }
    return;
  }
  const there = await lstat(output).catch(() => null);
  for (const input of there === null ? [] : inputs) {
    const read = await stat(input).catch(() => null);
    if (read?.ino === there?.ino && read?.dev === there?.dev) {
      throw new CommandError('usage', `${output} is the snapshot itself; give -o another file`);
    }
  }
  await checkDestination(output, force === true).catch((error: unknown) => {
    throw error instanceof OutputError ? new CommandError('failed', error.message, { cause: error }) : error;
  });
}

/** Width and colors of the report for its destination: see {@link lookOf}. */
export function terminalLook({ output = '-' }: FormatOptions): TerminalLook {
  return lookOf(output === '-' ? process.stdout : null, process.env);
}

/**
 * Lets `report` write to the file or to standard output, completely or not at all.
 * @throws {CommandError} {@link OutputClosedError} {@link InterruptedError}
 */
export async function deliver(
  { output = '-', force }: FormatOptions,
  report: (output: Output) => void,
): Promise<void> {
  // Collect everything before writing: a report that stops halfway would look complete.
  const parts: Buffer[] = [];
  report({ write: (text: string) => parts.push(Buffer.from(text)) });
  const whole = Buffer.concat(parts);
  const write = async (destination: Writable): Promise<void> => {
    destination.end(whole);
    await finished(destination);
  };
  if (output === '-') return writeStandardOutput(write);

  const signal = interruption();
  try {
    await writeOutputFile(output, force === true, async (destination) => {
      const compression = compressionOf(output);
      await write(compression === null ? destination : await compressedOutput(destination, compression));
      signal.throwIfAborted();
    });
  } catch (error) {
    if (signal.aborted || error instanceof OutputClosedError || error instanceof CommandError) throw error;
    throw new CommandError('failed', outputError(error, output).message, { cause: error });
  }
  console.error(`afterimage: wrote ${output} (${formatBytes(whole.length)})`);
}
