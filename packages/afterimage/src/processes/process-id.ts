/** Parses a process ID on the command line. */
import { CommandError } from '../cli/command-error.js';

/** Parser for commander. */
export function processId(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new CommandError('usage', `${value} is not a process ID`);
}
