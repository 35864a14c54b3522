/**
 * The cleanup that a killed attacher leaves undone, from the orders it sent beforehand; most of it is closing the
 * inspectors that it had opened.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { waitsForEvents } from '../processes/event-loop.js';
import { ownListeningSockets } from '../processes/listening-sockets.js';
import { startedAt } from '@afterimage/host/process-status';
import { signalsTaken } from '../processes/signal-thread.js';
import { closeInspectorAt } from './inspector-closing.js';
import { inspectorAmong } from './inspector-opening.js';
import { WATCH_MS } from './left-open.js';

export interface WatchedProcess {
  pid: number;
  /** Milliseconds since the epoch; another process with that pid is left alone. */
  startedAt: number;
  /** Inodes of the sockets that are no inspector's. */
  before: string[];
  /** See signal-thread.ts; before the signal was sent. */
  signalsTaken: number | null;
}

/** Sent by an attacher before each step that must be undone if it is killed. */
export type WatchdogOrder =
  | { order: 'stand-by' }
  | { order: 'watch'; target: WatchedProcess; children: WatchedProcess[] }
  | { order: 'remove'; directory: string }
  | { order: 'opened' }
  /** The target's inspector was seen closed again. */
  | { order: 'closed' }
  | { order: 'dismiss' };

export interface Cleanup {
  target: WatchedProcess | null;
  children: WatchedProcess[];
  directories: string[];
  /** The target's inspector was seen open. */
  opened: boolean;
  /** And closed again. */
  closed: boolean;
  /** The attacher has ended as it should; only processes that got the signal and may open their inspectors yet are left. */
  dismissed: boolean;
}

export function newCleanup(): Cleanup {
  return { target: null, children: [], directories: [], opened: false, closed: false, dismissed: false };
}

export function note(left: Cleanup, order: WatchdogOrder): void {
  if (order.order === 'watch') Object.assign(left, { target: order.target, children: order.children });
  if (order.order === 'remove') left.directories.push(order.directory);
  if (order.order === 'opened') left.opened = true;
  if (order.order === 'closed') left.closed = true;
  if (order.order === 'dismiss') left.dismissed = true;
}

/** For a signal to reach a process. */
const SIGNAL_MS = 2_000;
/** A target closes its inspector itself, within half of that, when its attacher is gone. */
const POLL_MS = 100;
/** Between looks at a main thread that has been in native code for `LONG_MS`. */
const SLOW_POLL_MS = 1_000;
const LONG_MS = 10_000;
/** For a main thread to answer; it is asked again as long as its inspector is open. */
const ANSWER_MS = 60_000;
/** The same clock, read twice, may differ by a tick or two. */
const SAME_START_MS = 1_000;
/** Looks that find no inspector until it is taken for closed: one look alone may have met a busy machine. */
const LOOKS = 3;

/** Closes the inspectors that are open and should not be; waits for those that may open yet. Bounded. */
export async function closeInspectors({
  target,
  children,
  opened,
  closed,
  dismissed,
}: Cleanup): Promise<void> {
  await Promise.all([
    ...(target === null || (closed && dismissed)
      ? []
      : [closeInspector(target, { opened, mayFail: false, dismissed })]),
    ...children.map((child) => closeInspector(child, { opened: false, mayFail: true, dismissed })),
  ]);
}

interface Expected {
  /** Its inspector was seen open; otherwise it may open yet, as long as its main thread has not come to it. */
  opened: boolean;
  /** A child of the target gets the signal from it, usually finds the port taken, and then opens no inspector. */
  mayFail: boolean;
  /** No further signal is sent to it. */
  dismissed: boolean;
}

async function closeInspector(
  watched: WatchedProcess,
  { opened, mayFail, dismissed }: Expected,
): Promise<void> {
  const { pid } = watched;
  let isOpen = opened;
  const known = new Set(watched.before);
  const started = performance.now();
  let looks = 0;
  while (looks < LOOKS && performance.now() - started < WATCH_MS) {
    await pause(performance.now() - started < LONG_MS ? POLL_MS : SLOW_POLL_MS);
    if (!(await isSame(watched))) return;
    const fresh = (await ownListeningSockets(pid).catch(() => [])).filter(({ inode }) => !known.has(inode));
    const inspector = await inspectorAmong(fresh);
    if (inspector !== null) {
      isOpen = true;
      await closeInspectorAt(inspector.url, ANSWER_MS);
    } else if (
      isOpen ||
      (await isUnaware(watched, started, dismissed)) ||
      ((mayFail || (await hasTaken(watched))) && (await waitsForEvents(pid)))
    ) {
      looks++;
    }
  }
}

async function isSame({ pid, startedAt: expected }: WatchedProcess): Promise<boolean> {
  const start = await startedAt(pid);
  return start !== null && Math.abs(start - expected) <= SAME_START_MS;
}

/**
 * Whether its Node.js got the signal: when its main thread waits for events after that, it has opened its inspector, which
 * is closed by now, whether or not anybody heard that it was open.
 */
async function hasTaken({ pid, signalsTaken: before }: WatchedProcess): Promise<boolean> {
  return before !== null && (await signalsTaken(pid)) !== before;
}

/** Whether its Node.js got no signal, and gets none any more. */
async function isUnaware(watched: WatchedProcess, since: number, dismissed: boolean): Promise<boolean> {
  if (await hasTaken(watched)) return false;
  return performance.now() - since > (dismissed ? 0 : SIGNAL_MS);
}
