/**
 * Captures inline: V8 writes the snapshot in this process, which stands still meanwhile. For platforms
 * without capture by image, and only if the application has accepted the pause. Turns readiness off first so
 * that the server drains, and on again when the file is complete.
 */
import {
  redactor,
  SnapshotFormatError,
  type RedactionLevel,
  type Target,
} from '@afterimage/snapshot/redaction';
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { getHeapSnapshot, getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { rm, type FileHandle } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import type { CaptureJob } from './capture-job.js';
import { pause } from '@afterimage/host/deferred';
import { codeOf, messageOf } from '@afterimage/host/errors';
import { CaptureError } from './errors.js';
import type { CaptureResult } from './events.js';
import { formatBytes, formatMs, roundMs } from '@afterimage/host/format';
import { describeHeadroom, readHeadroom } from '@afterimage/host/headroom';
import { WORKER_REASON } from './image-support.js';
import { checkDisk, openTemporary, publish, outputError } from '@afterimage/host/output-file';
import { readProcessFigures, type ProcessFigures } from '@afterimage/host/process-figures';
import { temporaryName } from '@afterimage/host/temporary';

/**
 * V8's generator takes memory per object: 10.6 times a heap of many small ones (measured). Large objects have
 * their own space in the heap and cost little.
 */
const SMALL_OBJECT_SHARE = 12;
const LARGE_OBJECT_SHARE = 1;
const SNAPSHOT_PER_HEAP = 2;

/**
 * Checks that an inline capture is possible.
 * @throws {CaptureError} or {OutputError}
 */
export async function checkInline(path: string, recipients: readonly string[]): Promise<void> {
  if (!isMainThread) throw new CaptureError('unsupported', WORKER_REASON);
  if (recipients.length > 0) {
    throw new CaptureError(
      'unencrypted',
      "mode 'inline' cannot encrypt: use mode: 'image', or configure no recipients",
    );
  }
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

/**
 * Captures inline and writes the result.
 * @throws {CaptureError} or {OutputError}
 */
export async function captureInline(job: CaptureJob): Promise<CaptureResult> {
  const { emit, path, readiness, settings, signal } = job;
  const drainMs = readiness.drainMs(settings.drainMs);
  const drain = drainMs === 0 ? '' : ` in ${formatMs(drainMs)}, unready from now on`;
  const temporary = await temporaryName(path);
  let file: FileHandle | null = null;
  readiness.set(false);
  try {
    emit('started', `the server will pause for a snapshot${drain}`, {
      path,
      mode: 'inline',
      attempt: 1,
    });
    if (drainMs > 0) await pause(drainMs, signal);
    file = await openTemporary(temporary);
    const target = targetOf(settings.name, await readProcessFigures('self'));
    const { pauseMs, sha256 } = dump(file.fd, settings.redact, target);
    const captured = { pauseMs, captureMs: pauseMs };
    emit('captured', `the server was paused for ${formatMs(pauseMs)}`, { path, ...captured });
    const { size } = await file.stat();
    await publish(file, temporary, path);
    const totalMs = roundMs(performance.now() - job.startedAt);
    const written = { path, bytes: size, sha256, encrypted: false, redaction: settings.redact };
    return { kind: 'snapshot', ...written, ...captured, totalMs, attempts: 1 };
  } catch (error) {
    // Of the file; of a full disk it gives the figures.
    throw error instanceof Error && 'syscall' in error ? outputError(error, path) : error;
  } finally {
    readiness.set(true);
    // Both have no effect if everything succeeded.
    await file?.close().catch(() => undefined);
    if (file !== null) await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/**
 * Writes everything synchronously: other code run by the event loop would change the heap that V8 is writing.
 */
function dump(file: number, level: RedactionLevel, target: Target): { pauseMs: number; sha256: string } {
  const started = performance.now();
  const redaction = redactor({ level, target });
  const hash = createHash('sha256');
  const write = (chunks: Uint8Array[]): void => {
    for (const chunk of chunks) {
      hash.update(chunk);
      writeAll(file, chunk);
      redaction.reuse(chunk);
    }
  };
  const snapshot = getHeapSnapshot();
  try {
    // V8 writes everything at the first read (HeapSnapshotStream::ReadStart, src/heap_utils.cc), and without
    // this override into the stream's buffer.
    snapshot.push = (chunk: Uint8Array | null) => {
      if (chunk !== null) write(redaction.push(chunk));
      return true;
    };
    snapshot.read(0);
    write(redaction.end().chunks);
  } catch (error) {
    if (codeOf(error) !== undefined && !(error instanceof SnapshotFormatError)) throw error;
    throw new CaptureError('inline-failed', `V8 could not write the snapshot: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    snapshot.destroy();
  }
  return { pauseMs: roundMs(performance.now() - started), sha256: hash.digest('hex') };
}

function writeAll(file: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
}

function targetOf(name: string, figures: ProcessFigures): Target {
  const { pid, arch, versions } = process;
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const heapLimit = getHeapStatistics().heap_size_limit;
  return {
    name,
    pid,
    node: versions.node,
    v8: versions.v8,
    arch,
    time: new Date().toISOString(),
    process: { rss, heapUsed, heapTotal, heapLimit, external, arrayBuffers, ...figures },
  };
}

function heapBytes(): { small: number; large: number } {
  const heap = { small: 0, large: 0 };
  for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
    heap[space_name.includes('large_object') ? 'large' : 'small'] += space_used_size;
  }
  return heap;
}
