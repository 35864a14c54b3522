/**
 * Names for the temporary files that results are written to, and the removal of those that an earlier run
 * left behind when it was killed together with its collector. A name says whose it is (host and pid
 * namespace, pid, start time), so that a file which another process is writing right now is never taken.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readlink, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './errors.js';
import { readStat } from './process-stat.js';

const PARTIAL = /^(.+)\.([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}\.partial$/;

/** Nobody to ask about a process of another host or container: then only a file untouched for so long is left over. */
const FOREIGN_AGE_MS = 3_600_000;

/** A fresh name beside `path`. */
export async function temporaryName(path: string): Promise<string> {
  const [place, start] = await Promise.all([pidPlace(), startTime(process.pid)]);
  const random = randomBytes(4).toString('hex');
  return join(dirname(path), `${basename(path)}.${place}-${process.pid}-${start ?? '0'}-${random}.partial`);
}

/**
 * Removes temporary files of runs that are over, for results that match, in the directory of `path`.
 * To be called while this process writes none itself. Never throws: what cannot be removed stays.
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

/** True when the process that named the file is gone, or is this one, which writes none now. */
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

/** In clock ticks since boot; null where there is no /proc or no such process. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await readStat(pid);
  return stat === null ? null : String(stat.startTicks);
}

/** Within which a pid means one process: a host's pid namespace, as eight hexadecimal digits. */
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
