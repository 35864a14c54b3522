/** Reads the fields of /proc/PID/stat that Afterimage uses (proc(5)). */
import { orElse } from './errors.js';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** sysconf(_SC_CLK_TCK), which is 100 on every Linux that Node.js runs on. */
export const TICKS_PER_SECOND = 100;

export interface ProcessStat {
  parent: number;
  /** User and system time, in clock ticks. */
  cpuTicks: number;
  /** Start time, in clock ticks since boot. */
  startTicks: number;
}

/** Reads a process's stat fields; null if there is no /proc or no such process. */
export async function readStat(pid: number): Promise<ProcessStat | null> {
  return readFile(file(pid), 'latin1').then(parse, orElse(null));
}

/** Synchronous version of {@link readStat}, for callers that cannot wait. */
export function readStatSync(pid: number): ProcessStat | null {
  try {
    return parse(readFileSync(file(pid), 'latin1'));
  } catch {
    return null;
  }
}

/** Returns the user and system time of a process in seconds; null if it has ended or cannot be read. */
export async function cpuSeconds(pid: number): Promise<number | null> {
  const stat = await readStat(pid).catch(() => null);
  return stat === null ? null : stat.cpuTicks / TICKS_PER_SECOND;
}

function file(pid: number): string {
  return `/proc/${pid}/stat`;
}

function parse(line: string): ProcessStat {
  // The second field, the command in parentheses, may contain anything: count the fields from the third.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), cpuTicks: field(14) + field(15), startTicks: field(22) };
}
