/**
 * Names the temporary files that results are written to, and removes those of earlier runs that were killed
 * together with their collector. A name identifies its process (host and PID namespace, process ID, start
 * time), so that a file that another process is still writing is never removed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readlink, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './errors.js';
import { readStat } from './process-stat.js';

const PARTIAL = /^(.+)\.([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}\.partial$/;

/**
 * Processes of other hosts and containers cannot be checked: a file of theirs counts as abandoned if it is
 * this old, in milliseconds.
 */
const FOREIGN_AGE_MS = 3_600_000;

/** Returns a new temporary name in the directory of `path`. */
export async function temporaryName(path: string): Promise<string> {
  const [place, start] = await Promise.all([pidPlace(), startTime(process.pid)]);
  const random = randomBytes(4).toString('hex');
  return join(dirname(path), `${basename(path)}.${place}-${process.pid}-${start ?? '0'}-${random}.partial`);
}

/**
 * Removes the temporary files of ended runs from the directory of `path`, if their result's name matches the
 * template. Call it only while this process writes no such file. Never throws: files that cannot be removed
 * stay.
 */
export async function removeLeftovers(template: { readonly results: RegExp }, path: string): Promise<void> {
  const directory = dirname(path);
  for (const name of await list(directory)) {
    const [, result, place, pid, start] = PARTIAL.exec(name) ?? [];
    if (result === undefined || place === undefined || !template.results.test(result)) continue;
    const file = join(directory, name);
    const over =
      place === (await pidPlace())
        ? await hasEnded(Number(pid), start ?? '0')
        : Date.now() - (await modified(file)) > FOREIGN_AGE_MS;
    if (over) await rm(file, { force: true }).catch(() => undefined);
  }
}

/** Returns true if the process that named the file has ended, or is this one, which writes none now. */
async function hasEnded(pid: number, start: string): Promise<boolean> {
  if (pid === process.pid) return true;
  const now = await startTime(pid);
  if (now !== null) return now !== start;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/** Returns the start time in clock ticks since boot; null if there is no /proc or no such process, or it cannot be read. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await readStat(pid).catch(() => null);
  return stat === null ? null : String(stat.startTicks);
}

/**
 * Returns eight hexadecimal digits that identify this host and PID namespace, within which process IDs are
 * unique.
 */
async function pidPlace(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 8);
}

async function modified(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.mtimeMs,
    () => Date.now(),
  );
}

async function list(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
