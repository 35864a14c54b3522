/** A process ID, as a command line has it. */
import { CommandError } from '../cli/command-error.js';

/** For commander. */
export function processId(value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new CommandError('usage', `${value} is not a process ID`);
}
