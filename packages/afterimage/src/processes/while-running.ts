/** Work on a process that may end at any time: then the work ends at once, rather than by whatever it waits for. */
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../cli/command-error.js';
import { readStatus } from '@afterimage/host/process-status';

const POLL_MS = 50;

/**
 * @param work gets a signal that aborts when `signal` does, and when the process has ended
 * @param what the process ended during, for the message
 * @throws {CommandError} `targetGone` when it has ended; else what `work` throws
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

/** What has ended and was not waited for runs no more. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readStatus(pid);
  return status !== null && status.state !== 'Z';
}
