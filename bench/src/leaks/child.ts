/** A child process with a time limit: what it printed, or one line about how it failed. */
import { execFile } from 'node:child_process';
import { interruption } from '../interruption.js';

const MAX_OUTPUT_BYTES = 64e6;

/**
 * @param file the program to run
 * @returns what it wrote to standard output
 * @throws {Error} in one line, when it fails or takes longer than `limitMs`
 */
export function output(file: string, args: string[], limitMs: number): Promise<string> {
  const options = {
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    signal: interruption.signal,
  } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (interruption.signal.aborted) reject(interruption.signal.reason as Error);
      else if (error.killed === true) reject(new Error(`not done in ${limitMs / 1000} s`));
      else reject(new Error(tellingLine(stderr) ?? error.message.split('\n')[0]));
    });
  });
}

/** Of what a program wrote to standard error before it gave up. */
function tellingLine(text: string): string | undefined {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('ExperimentalWarning'));
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0];
}
