/**
 * Captures inline: V8 writes the snapshot in this very process, which stands still meanwhile. For platforms
 * where no image can be captured, and only where the application has said that it accepts the pause. Readiness
 * goes off first and the server drains; it comes back when the file is in its place.
 */
import { getHeapSpaceStatistics, writeHeapSnapshot } from 'node:v8';
import { rm, type FileHandle } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import type { CaptureJob } from './capture.js';
import { pause } from './deferred.js';
import { CaptureError, messageOf } from './errors.js';
import type { CaptureResult } from './events.js';
import { formatBytes, formatMs, roundMs } from './figures.js';
import { describeHeadroom, readHeadroom } from './headroom.js';
import { permission, WORKER_REASON } from './image-support.js';
import { checkDisk, openTemporary, publish } from './output-file.js';
import { temporaryName } from './temporary.js';

/**
 * V8's generator takes memory by the object: 10.6 times a heap of many small ones (measured). The big ones have a
 * space of their own in the heap and cost it little.
 */
const SMALL_OBJECT_SHARE = 12;
const LARGE_OBJECT_SHARE = 1;
const SNAPSHOT_PER_HEAP = 2;

/** @throws {CaptureError} or {OutputError} */
export async function checkInline(path: string): Promise<void> {
  if (!isMainThread) throw new CaptureError('unsupported', WORKER_REASON);
  const heap = heapBytes();
  const need = SMALL_OBJECT_SHARE * heap.small + LARGE_OBJECT_SHARE * heap.large;
  const headroom = await readHeadroom();
  if (headroom.available < need) {
    throw new CaptureError(
      'headroom',
      `not enough memory for a snapshot in place: V8 may need ${formatBytes(need)} for a heap of ` +
        `${formatBytes(heap.small + heap.large)}, ${describeHeadroom(headroom)}; raise the limit, or use mode: 'image'`,
    );
  }
  await checkDisk(path, SNAPSHOT_PER_HEAP * (heap.small + heap.large));
}

/** @throws {CaptureError} or {OutputError} */
export async function captureInline(job: CaptureJob): Promise<CaptureResult> {
  const { emit, path, readiness, settings, signal } = job;
  const drainMs = readiness.drainMs(settings.drainMs);
  const drain = drainMs === 0 ? '' : ` in ${formatMs(drainMs)}, unready from now on`;
  const temporary = await temporaryName(path);
  let file: FileHandle | null = null;
  readiness.set(false);
  try {
    emit('started', `the server will stand still for a snapshot${drain}`, {
      path,
      mode: 'inline',
      attempt: 1,
    });
    if (drainMs > 0) await pause(drainMs, signal);
    file = await openTemporary(temporary);
    const pauseMs = dump(file, temporary);
    const captured = { pauseMs, captureMs: pauseMs };
    emit('captured', `the server stood still for ${formatMs(pauseMs)}`, { path, ...captured });
    const { size } = await file.stat();
    await publish(file, temporary, path);
    const totalMs = roundMs(performance.now() - job.startedAt);
    return { kind: 'snapshot', path, bytes: size, ...captured, totalMs, attempts: 1 };
  } finally {
    readiness.set(true);
    // Both done already when all went well.
    await file?.close().catch(() => undefined);
    if (file !== null) await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Returns how long it took, in milliseconds. */
function dump(file: FileHandle, temporary: string): number {
  // Through the descriptor where that is possible: the name might be another file by now.
  const target =
    process.platform === 'linux' && permission() === undefined ? `/proc/self/fd/${file.fd}` : temporary;
  const started = performance.now();
  try {
    writeHeapSnapshot(target);
  } catch (error) {
    throw new CaptureError('inline-failed', `V8 could not write the snapshot: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return roundMs(performance.now() - started);
}

function heapBytes(): { small: number; large: number } {
  const heap = { small: 0, large: 0 };
  for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
    heap[space_name.includes('large_object') ? 'large' : 'small'] += space_used_size;
  }
  return heap;
}
