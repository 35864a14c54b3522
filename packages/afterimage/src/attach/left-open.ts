/** An inspector that Afterimage made a target open and that is still open: which one, and what closes it. */
import { isShortage } from '@afterimage/host/errors';
import { holdsSocket, type ListeningSocket } from '../processes/listening-sockets.js';

export interface LeftOpen {
  pid: number;
  socket: ListeningSocket;
  since: Date;
  /** The process that waits for the target's main thread and then closes it; null if there is none. */
  watchdog: number | null;
}

/** How long the watchdog waits, in milliseconds. */
export const WATCH_MS = 3_600_000;

export function describeLeftOpen({ pid, socket: { host, port }, since, watchdog }: LeftOpen): string {
  return (
    `the inspector of process ${pid} has been open since ${since.toISOString()} at ${host}:${port}, as its main thread is in ` +
    `native code: it is closed as soon as that returns${watchedBy(watchdog)}`
  );
}

export function watchedBy(watchdog: number | null): string {
  return watchdog === null
    ? ''
    : ` (by process ${watchdog}, which waits for it for ${WATCH_MS / 3_600_000} h)`;
}

/** Describes it if it is still open; null otherwise. */
export async function describeIfOpen(left: LeftOpen | null): Promise<string | null> {
  return left !== null && (await isLeftOpen(left)) ? describeLeftOpen(left) : null;
}

async function isLeftOpen({ pid, socket }: LeftOpen): Promise<boolean> {
  // If this process has too little left to look, it may still be open.
  return holdsSocket(pid, socket.inode).catch(isShortage);
}
