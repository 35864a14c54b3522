/**
 * Cleans up after a killed attacher, according to the orders that it sent beforehand; that mostly means
 * closing the inspectors that it opened.
 */
import { isShortage, orElse } from '@afterimage/host/errors';
import { setTimeout as pause } from 'node:timers/promises';
import { waitsForEvents } from '../processes/event-loop.js';
import { ownListeningSockets, type ListeningSocket } from '../processes/listening-sockets.js';
import { startedAt } from '@afterimage/host/process-status';
import { signalsTaken } from '../processes/signal-thread.js';
import { closeInspectorAt } from './inspector-closing.js';
import { inspectorAmong } from './inspector-opening.js';
import { WATCH_MS } from './left-open.js';

export interface WatchedProcess {
  pid: number;
  /** Milliseconds since the epoch; a later process with the same ID is left alone. */
  startedAt: number;
  /** Inodes of sockets that are not an inspector's. */
  before: string[];
  /** Value before the signal was sent, see signal-thread.ts. */
  signalsTaken: number | null;
}

/** An attacher sends one before each step that must be undone if it is killed. */
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
  /** It was seen closed again. */
  closed: boolean;
  /**
   * The attacher has ended normally; what remains are processes that got the signal and may still open their
   * inspectors.
   */
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

/** How long a signal may take to reach a process. */
const SIGNAL_MS = 2_000;
/** If its attacher ends, a target closes its inspector itself, within half of that. */
const POLL_MS = 100;
/** Interval for a main thread that has been in native code for `LONG_MS`. */
const SLOW_POLL_MS = 1_000;
const LONG_MS = 10_000;
/** How long a main thread may take to answer; it is asked again while its inspector is open. */
const ANSWER_MS = 60_000;
/** Two readings of the same clock may differ by a tick or two. */
const SAME_START_MS = 1_000;
/** Number of checks without an inspector until it counts as closed: on a busy machine, one may miss it. */
const LOOKS = 3;

/** Closes inspectors that should not be open, and waits for those that may still open, for a limited time. */
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
  /**
   * Its inspector was seen open; otherwise it may still open, until its main thread has handled the signal.
   */
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
    try {
      if (!(await isSame(watched))) return;
      const fresh = (await openOf(pid)).filter(({ inode }) => !known.has(inode));
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
    } catch (error) {
      // With too little left to look, this looks again.
      if (!isShortage(error)) throw error;
    }
  }
}

async function openOf(pid: number): Promise<ListeningSocket[]> {
  return ownListeningSockets(pid).catch(orElse([]));
}

async function isSame({ pid, startedAt: expected }: WatchedProcess): Promise<boolean> {
  const start = await startedAt(pid);
  return start !== null && Math.abs(start - expected) <= SAME_START_MS;
}

/**
 * Tells whether its Node.js got the signal. If its main thread waits for events after that, it has opened its
 * inspector, which is closed by now even if no one saw it open.
 */
async function hasTaken({ pid, signalsTaken: before }: WatchedProcess): Promise<boolean> {
  return before !== null && (await signalsTaken(pid)) !== before;
}

/** Tells whether its Node.js got no signal and will get none. */
async function isUnaware(watched: WatchedProcess, since: number, dismissed: boolean): Promise<boolean> {
  if (await hasTaken(watched)) return false;
  return performance.now() - since > (dismissed ? 0 : SIGNAL_MS);
}
