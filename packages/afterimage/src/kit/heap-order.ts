/** Reads the heap of a process in the container, and sends the report out. */
import { describeHeadroom, readHeadroom } from '@afterimage/host/headroom';
import { formatBytes } from '@afterimage/host/format';
import { createHash } from 'node:crypto';
import { CommandError } from '../cli/command-error.js';
import { heapReport } from '../heap/report.js';
import type { FrameOutput } from './frame-output.js';
import { watchdogOutside } from './watchdog-outside.js';

/** What the kit itself takes beyond what it has already, and the inspector in the target: 30 MB, measured. */
const NEED_BYTES = 64e6;
/** The biggest ones; the size of a message is bounded. */
const MAX_CLASSES = 500;

/** @throws {CommandError} */
export async function heapOrder(
  { pid, waitMs }: { pid: number; waitMs?: number | undefined },
  output: FrameOutput,
  signal: AbortSignal,
): Promise<void> {
  const headroom = await readHeadroom();
  if (headroom.available < NEED_BYTES) {
    throw new CommandError(
      'refused',
      `not enough memory to read the heap of process ${pid} beside it: about ${formatBytes(NEED_BYTES)} are needed, ` +
        `${describeHeadroom(headroom)}; raise the limit (nothing was sent to it)`,
    );
  }
  const step = (name: 'queued' | 'waiting'): void =>
    void output.message({ type: 'step', step: name }).catch(() => undefined);
  const { report, leftOpen } = await heapReport(pid, {
    standBy: () => Promise.resolve(watchdogOutside(output)),
    waitMs,
    onQueue: () => step('queued'),
    onWait: () => step('waiting'),
    signal,
  });
  report.classes?.classes.splice(MAX_CLASSES);
  const sha256 = createHash('sha256').digest('hex');
  await output.message({ type: 'done', bytes: 0, sha256, heap: report, leftOpen });
}
