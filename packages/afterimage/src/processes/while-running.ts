/** Runs work on a process that may end at any time: then the work ends at once, instead of by a timeout. */
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../cli/command-error.js';
import { readStatus } from '@afterimage/host/process-status';

const POLL_MS = 50;

/**
 * Runs `work`.
 * @param work receives a signal that aborts with `signal`, and when the process has ended
 * @param what what the process ended during, for the message
 * @throws {CommandError} `targetGone` if it has ended; else what `work` throws
 */
export async function whileRunning<T>(
  pid: number,
  signal: AbortSignal,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new CommandError('targetGone', `process ${pid} ended during ${what}`);
  const end = new AbortController();
  const done = new AbortController();
  void (async () => {
    while (await isRunning(pid)) await pause(POLL_MS, undefined, { signal: done.signal });
    end.abort(gone);
  })().catch(() => undefined);
  try {
    return await work(AbortSignal.any([signal, end.signal]));
  } catch (error) {
    if (signal.aborted || (await isRunning(pid))) throw error;
    throw gone;
  } finally {
    done.abort();
  }
}

/** A process that has ended but was not reaped does not run. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readStatus(pid).catch(() => 'unknown' as const);
  return status === 'unknown' || (status !== null && status.state !== 'Z');
}
