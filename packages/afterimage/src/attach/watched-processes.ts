/**
 * Finds the processes that a signal may reach: the target, and cluster workers, to which the primary forwards
 * it.
 */
import { orElse } from '@afterimage/host/errors';
import { CommandError } from '../cli/command-error.js';
import { ownListeningSockets } from '../processes/listening-sockets.js';
import { looksLikeNode } from '../processes/node-version.js';
import { childrenOf, SIGUSR1_BIT, startedAt } from '@afterimage/host/process-status';
import { signalsTaken } from '../processes/signal-thread.js';
import type { WatchedProcess } from './cleanup.js';

/**
 * Returns what must be known about a process.
 * @throws {CommandError} `targetGone`
 */
export async function watchedProcess(pid: number): Promise<WatchedProcess> {
  const [started, sockets, taken] = await Promise.all([
    startedAt(pid),
    ownListeningSockets(pid).catch(orElse(null)),
    signalsTaken(pid),
  ]);
  if (started === null || sockets === null) throw new CommandError('targetGone', `process ${pid} has ended`);
  return { pid, startedAt: started, before: sockets.map(({ inode }) => inode), signalsTaken: taken };
}

/** Returns its children that run Node.js and handle SIGUSR1. */
export async function nodeChildrenOf(pid: number): Promise<WatchedProcess[]> {
  const waiting = (await childrenOf(pid)).filter(({ caughtSignals }) => (caughtSignals & SIGUSR1_BIT) !== 0n);
  const found = await Promise.all(
    waiting.map(async (child) =>
      (await looksLikeNode(child.pid)) ? watchedProcess(child.pid).catch(orElse(null)) : null,
    ),
  );
  return found.filter((child) => child !== null);
}
