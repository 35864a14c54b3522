/**
 * The process behind undertaker-process.ts. Reads its orders in one line, then waits: for a second line, which
 * dismisses it, or for the end, when the one it works for was killed. Then it closes the inspector that was opened.
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { ownListeningSockets } from '../target/listening-sockets.js';
import { startedAt } from '../target/process-status.js';
import { openSession } from './inspector-session.js';
import { inspectorAmong } from './inspector-opening.js';

export interface UndertakerOrders {
  pid: number;
  /** Milliseconds since the epoch; another process with that pid is left alone. */
  startedAt: number | null;
  /** Inodes of the sockets that are no inspector's. */
  before: string[];
}

/** How long an inspector is waited for that may still open, and one that its target may still close. */
const WATCH_MS = 5_000;
const POLL_MS = 50;
const ANSWER_MS = 60_000;
/** The same clock, read twice, may differ by a tick or two. */
const SAME_START_MS = 1_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const first = await lines.next();
if (first.done !== true) {
  const orders = JSON.parse(first.value) as UndertakerOrders;
  process.stdout.write('ready\n');
  const second = await lines.next();
  if (second.done === true) await closeInspector(orders);
}
process.exit();

async function closeInspector({ pid, startedAt: expected, before }: UndertakerOrders): Promise<void> {
  const known = new Set(before);
  const deadline = performance.now() + WATCH_MS;
  while (performance.now() < deadline) {
    const start = await startedAt(pid);
    if (start === null || expected === null || Math.abs(start - expected) > SAME_START_MS) return;
    const fresh = (await ownListeningSockets(pid).catch(() => [])).filter(({ inode }) => !known.has(inode));
    const inspector = await inspectorAmong(fresh);
    if (inspector !== null) {
      const session = await openSession(inspector.url).catch(() => null);
      // It waits until this end is closed; a client that is frozen would hold it up for ever.
      await session
        ?.evaluate('setTimeout(() => process._debugEnd(), 100) && 0', ANSWER_MS)
        .catch(() => undefined);
      await session?.close();
    }
    await pause(POLL_MS);
  }
}
