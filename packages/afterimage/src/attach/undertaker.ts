/**
 * The process behind undertaker-process.ts. Reads its orders, one a line, and answers each. When they end it removes
 * what was left, and closes the inspectors that were opened; when it was dismissed before, only those of processes that
 * got the signal and may open theirs yet.
 */
import { closeSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { waitsForEvents } from '../target/event-loop.js';
import { ownListeningSockets } from '../target/listening-sockets.js';
import { startedAt } from '../target/process-status.js';
import { signalsTaken } from '../target/signal-thread.js';
import { openSession } from './inspector-session.js';
import { inspectorAmong } from './inspector-opening.js';

export interface WatchedProcess {
  pid: number;
  /** Milliseconds since the epoch; another process with that pid is left alone. */
  startedAt: number;
  /** Inodes of the sockets that are no inspector's. */
  before: string[];
  /** See signal-thread.ts; before the signal was sent. */
  signalsTaken: number | null;
}

export type UndertakerOrder =
  | { order: 'stand-by' }
  | { order: 'watch'; target: WatchedProcess; children: WatchedProcess[] }
  | { order: 'remove'; directory: string }
  | { order: 'opened' }
  | { order: 'dismiss' };

/** The descriptor of the lock that it holds, too. */
const LOCK = 3;
/** For a signal to reach a process. */
const SIGNAL_MS = 2_000;
/** For a main thread to come back from native code, and to open its inspector then. */
const BUSY_MS = 600_000;
/** A target closes its inspector itself, within half of that, when its attacher is gone. */
const POLL_MS = 100;
const ANSWER_MS = 60_000;
/** The same clock, read twice, may differ by a tick or two. */
const SAME_START_MS = 1_000;
/** Looks that find no inspector until it is taken for closed: one look alone may have met a busy machine. */
const LOOKS = 3;

let target: WatchedProcess | null = null;
let children: WatchedProcess[] = [];
let opened = false;
let dismissed = false;
const removals: { parent: FileHandle; name: string }[] = [];
process.stdout.on('error', () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as UndertakerOrder;
  if (order.order === 'watch') ({ target, children } = order);
  // By a handle on its parent: the target, through whose root it is reached, may have ended by then.
  if (order.order === 'remove')
    removals.push({ parent: await open(dirname(order.directory)), name: basename(order.directory) });
  if (order.order === 'opened') opened = true;
  if (order.order === 'dismiss') {
    dismissed = true;
    closeSync(LOCK); // whoever comes next need not wait for what may take long
  }
  process.stdout.write('\n');
}
await Promise.all([
  ...removals.map(({ parent, name }) =>
    rm(`/proc/self/fd/${parent.fd}/${name}`, { recursive: true, force: true }),
  ),
  ...(target === null || (opened && dismissed) ? [] : [closeInspector(target, opened, false)]),
  ...children.map((child) => closeInspector(child, false, true)),
]);
process.exit();

/**
 * @param isOpen otherwise it may open yet, as long as its main thread has not come to it
 * @param mayFail a child of the target, that gets the signal from it, finds the port taken as a rule, and opens none
 */
async function closeInspector(watched: WatchedProcess, isOpen: boolean, mayFail: boolean): Promise<void> {
  const { pid } = watched;
  const known = new Set(watched.before);
  const started = performance.now();
  let looks = 0;
  while (looks < LOOKS && performance.now() - started < BUSY_MS) {
    await pause(POLL_MS);
    if (!(await isSame(watched))) return;
    const fresh = (await ownListeningSockets(pid).catch(() => [])).filter(({ inode }) => !known.has(inode));
    const inspector = await inspectorAmong(fresh);
    if (inspector !== null) {
      isOpen = true;
      await close(inspector.url);
    } else if (isOpen || (await isUnaware(watched, started)) || (mayFail && (await waitsForEvents(pid)))) {
      looks++;
    }
  }
}

async function isSame({ pid, startedAt: expected }: WatchedProcess): Promise<boolean> {
  const start = await startedAt(pid);
  return start !== null && Math.abs(start - expected) <= SAME_START_MS;
}

/** Whether its Node.js got no signal, and gets none any more. */
async function isUnaware({ pid, signalsTaken: before }: WatchedProcess, since: number): Promise<boolean> {
  if (before !== null && (await signalsTaken(pid)) !== before) return false;
  return performance.now() - since > (dismissed ? 0 : SIGNAL_MS);
}

async function close(url: string): Promise<void> {
  const session = await openSession(url).catch(() => null);
  // It waits until this end is closed; a client that is frozen would hold it up for ever.
  await session
    ?.evaluate('setTimeout(() => process._debugEnd(), 100) && 0', ANSWER_MS)
    .catch(() => undefined);
  await session?.close();
}
