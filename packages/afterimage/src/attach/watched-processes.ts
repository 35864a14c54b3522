/** Whom a signal may reach: the target, and the workers of a cluster, to which the primary hands on what it gets. */
import { readdir } from 'node:fs/promises';
import { CommandError } from '../command-error.js';
import { ownListeningSockets } from '../target/listening-sockets.js';
import { looksLikeNode } from '../target/node-version.js';
import { readStatus, SIGUSR1_BIT, startedAt } from '../target/process-status.js';
import { signalsTaken } from '../target/signal-thread.js';
import type { WatchedProcess } from './undertaker.js';

/** @throws {CommandError} `targetGone` */
export async function watchedProcess(pid: number): Promise<WatchedProcess> {
  const [started, sockets, taken] = await Promise.all([
    startedAt(pid),
    ownListeningSockets(pid).catch(() => null),
    signalsTaken(pid),
  ]);
  if (started === null || sockets === null) throw new CommandError('targetGone', `process ${pid} has ended`);
  return { pid, startedAt: started, before: sockets.map(({ inode }) => inode), signalsTaken: taken };
}

/** Its children that run Node.js and wait for SIGUSR1. */
export async function nodeChildrenOf(pid: number): Promise<WatchedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (child) => {
      const status = await readStatus(child);
      if (status?.parent !== pid || (status.caughtSignals & SIGUSR1_BIT) === 0n) return null;
      return (await looksLikeNode(child)) ? watchedProcess(child).catch(() => null) : null;
    }),
  );
  return found.filter((child) => child !== null);
}
