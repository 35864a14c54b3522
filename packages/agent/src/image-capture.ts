/**
 * Captures by image: starts the collector, forks the child that writes its memory to it, and follows both to
 * their end, whatever happens. The server itself only starts, forks and waits.
 */
import { closeSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { getHeapStatistics } from 'node:v8';
import type { CaptureJob } from './capture-job.js';
import { startCollector, TryAgainError, type Collector } from './collector-process.js';
import { cpuSeconds } from '@afterimage/host/process-stat';
import { RAISE_AFTER_MS, raisePriority } from '@afterimage/host/raised-priority';
import { deferred, untilAborted, within } from '@afterimage/host/deferred';
import { CaptureError } from './errors.js';
import type { CaptureResult } from './events.js';
import { formatBytes, formatMs, roundMs } from '@afterimage/host/format';
import { captureNeedBytes, describeHeadroom, readHeadroom } from '@afterimage/host/headroom';
import { forkChild, type Child } from './image-child.js';
import { COMPRESSED_SHARE } from '@afterimage/image/stored-size';
import { refusePlainImage } from './plain-image.js';
import type { ImageMetadata, ProgramFile } from '@afterimage/image/read';
import { requireAddon } from './image-support.js';
import { anonymousBytes } from '@afterimage/host/memory-use';
import type { Addon } from '@afterimage/image/native-part';
import { CAPTURE_DESCRIPTORS } from './reserve.js';
import type { Settings } from './options.js';
import { checkDisk } from '@afterimage/host/output-file';
import { readProcessFigures, type ProcessFigures } from '@afterimage/host/process-figures';
import { temporaryName } from '@afterimage/host/temporary';

/** Number of images before giving up, if developing fails in a way that the next image may not. */
const ATTEMPTS = 3;
/** How long the collector may take to start on a busy machine, in milliseconds. */
const START_MS = 60_000;
/**
 * How long the child may take to write the image, in milliseconds; with a processor it takes 5 s per GB.
 * Meanwhile, each page that the server writes to exists twice, and a saturated server leaves almost no time
 * for a child at idle priority.
 */
const IMAGE_MS = 180_000;
/**
 * How long to wait for the collector's own error after the child has failed because of it, in milliseconds.
 */
const GRACE_MS = 1_000;

/**
 * Checks that a capture by image is possible.
 * @throws {CaptureError} or {OutputError} if this process, its memory or its disk does not allow it
 */
export async function checkImageCapture(path: string, settings: Settings): Promise<void> {
  requireAddon();
  if (settings.develop === 'never') refusePlainImage(settings, 'developing here is switched off');
  const [anonymous, headroom] = await Promise.all([anonymousBytes('self'), readHeadroom()]);
  const need = captureNeedBytes(anonymous);
  if (headroom.available < need) {
    throw new CaptureError(
      'headroom',
      `not enough memory to capture: about ${formatBytes(need)} are needed, ${describeHeadroom(headroom)}; ` +
        'raise the limit, or capture while the server uses less',
    );
  }
  await checkDisk(path, anonymous * COMPRESSED_SHARE);
}

/**
 * Captures an image and has it written.
 * @throws {CaptureError}
 */
export async function captureImage(job: CaptureJob): Promise<CaptureResult> {
  let byV8 = job.settings.developBy === 'v8';
  for (let attempt = 1; ; attempt++) {
    const again = attempt === 1 ? '' : ` again, attempt ${attempt} of ${ATTEMPTS}`;
    job.emit('started', `capturing an image${again}`, { path: job.path, mode: 'image', attempt });
    try {
      return await captureOnce(job, attempt, byV8);
    } catch (error) {
      if (!(error instanceof TryAgainError)) throw error;
      if (attempt === ATTEMPTS) throw error.failure;
      byV8 ||= error.failure.detail === 'unreadable';
    }
  }
}

async function captureOnce(job: CaptureJob, attempt: number, byV8: boolean): Promise<CaptureResult> {
  const addon = requireAddon();
  const { reserve, settings, signal } = job;
  const { temporary, pipe, collector } = await reserve.during(
    () => start(addon, job, byV8),
    CAPTURE_DESCRIPTORS,
  );
  // If this process ends first, the collector cleans up; but a container ends with its first process.
  const removeAtExit = (): void => rmSync(temporary, { force: true });
  process.once('exit', removeAtExit);
  let child: Child | null = null;
  try {
    // On a busy machine the lowest priority would not get it through the program's file.
    const hurrying = setTimeout(() => raisePriority(collector.pid), RAISE_AFTER_MS).unref();
    const ready = within(collector.ready, START_MS, tooSlow).finally(() => clearTimeout(hurrying));
    const { program, ...omission } = (await untilAborted(ready, signal)).lean;
    const started = performance.now();
    // Descriptors are needed for reading the process's figures, for the thread that reads smaps, and for the
    // child until it has closed the inherited ones.
    child = await reserve.during(async () => {
      const { name, parkTimeoutMs } = settings;
      const figures = metadata(name, await readProcessFigures('self'), program);
      return forkChild(addon, { output: pipe.output, metadata: figures, parkTimeoutMs, ...omission }, signal);
    }, CAPTURE_DESCRIPTORS);
    pipe.close('output');
    return await collect(job, attempt, child, collector, started);
  } finally {
    // The child first, so that the collector finds the end of the pipe.
    child?.kill();
    pipe.close('input');
    pipe.close('output');
    await Promise.all([child?.ended, collector.stop()]);
    process.off('exit', removeAtExit);
    await reserve.during(() => rm(temporary, { force: true }).catch(() => undefined));
  }
}

interface Started {
  temporary: string;
  pipe: Pipe;
  collector: Collector;
}

/** Starts the collector; leaves nothing behind if it throws. */
async function start(addon: Addon, job: CaptureJob, byV8: boolean): Promise<Started> {
  const { develop, developMemoryMb, darkroom, redact, recipients, storePlainImage, wholeImage } =
    job.settings;
  const { path } = job;
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const temporary = await temporaryName(path);
  const pipe = openPipe(addon);
  try {
    const collector = startCollector(addon, pipe.input, {
      type: 'job',
      path,
      target: process.pid,
      expected: { residentBytes: rss, heapUsed, heapTotal },
      temporary,
      develop,
      byV8,
      developMemoryMb,
      redact,
      recipients,
      storePlainImage,
      wholeImage,
      darkroom,
    });
    return { temporary, pipe, collector };
  } catch (error) {
    pipe.close('output');
    throw error;
  } finally {
    pipe.close('input');
  }
}

/** From the fork to the result at its path. */
async function collect(
  job: CaptureJob,
  attempt: number,
  child: Child,
  collector: Collector,
  started: number,
): Promise<CaptureResult> {
  const { path, signal } = job;
  collector.send({ type: 'forked', pid: child.fork.pid });
  const starved = async (): Promise<CaptureError> => starvedError(await cpuSeconds(child.fork.pid));
  const raising = setTimeout(() => {
    for (const pid of [child.fork.pid, collector.pid]) raisePriority(pid);
  }, RAISE_AFTER_MS).unref();
  const image = await untilAborted(boundedBy(imageOut(child, collector), IMAGE_MS, starved), signal).finally(
    () => clearTimeout(raising),
  );
  const captured = {
    // Starting the collector blocks the event loop too.
    pauseMs: roundMs(Math.max(child.fork.pauseMs, collector.startMs)),
    captureMs: roundMs(performance.now() - started),
  };
  job.emit('captured', `the image is out of the server after ${formatMs(captured.captureMs)}`, {
    path,
    bytes: image.bytes,
    ...captured,
    parkMs: roundMs(child.fork.parkMs),
    forkMs: roundMs(child.fork.forkMs),
    extraBytes: image.extraBytes,
  });
  collector.send({ type: 'image-complete' });
  const { kind, bytes, extraBytes, developMs, ghostLocks, redaction, sha256, encrypted, why, ...result } =
    await untilAborted(collector.written, signal);
  return {
    kind,
    path: result.path,
    bytes,
    sha256,
    encrypted,
    ...(redaction === undefined ? {} : { redaction }),
    ...captured,
    ...(developMs === undefined ? {} : { developMs: roundMs(developMs) }),
    totalMs: roundMs(performance.now() - job.startedAt),
    imageBytes: image.bytes,
    extraBytes,
    ...(ghostLocks === undefined ? {} : { ghostLocks }),
    ...(why === undefined ? {} : { why }),
    attempts: attempt,
  };
}

/**
 * Waits until child and collector agree that the image is complete. If one fails, the other often fails too;
 * the cause is what counts.
 */
async function imageOut(child: Child, collector: Collector): Promise<Awaited<Collector['image']>> {
  const ended = child.ended.then(async (problem) => {
    if (problem === null) return;
    const failure = new CaptureError('child-failed', `${problem.message}; nothing was written`);
    // A child that gave up by itself may only have lost its reader.
    if (!problem.killed) await within(collector.written, GRACE_MS, () => failure);
    throw failure;
  });
  const [image] = await Promise.all([collector.image, ended]);
  return image;
}

/**
 * Waits at most `ms` milliseconds for the promise, then rejects with the error from `late`. Does not keep the
 * process alive.
 */
async function boundedBy<T>(promise: Promise<T>, ms: number, late: () => Promise<Error>): Promise<T> {
  const over = deferred<never>();
  const timer = setTimeout(() => void late().then(over.reject, over.reject), ms).unref();
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function starvedError(seconds: number | null): CaptureError {
  const got = seconds === null ? '' : ` and got ${seconds.toFixed(1)} s of processor time`;
  return new CaptureError(
    'timeout',
    `the image was not out of the server after ${formatMs(IMAGE_MS)}: the child that writes it has a low priority${got}; ` +
      'capture when the server is less busy, or raise its CPU limit',
  );
}

function tooSlow(): CaptureError {
  return new CaptureError(
    'collector-failed',
    `the collector was not ready within ${formatMs(START_MS)}; try again later`,
  );
}

interface Pipe {
  input: number;
  output: number;
  /** Closes an end once; later calls do nothing. */
  close(end: 'input' | 'output'): void;
}

function openPipe(addon: Addon): Pipe {
  const [input, output] = addon.pipe();
  const open = new Map([
    ['input', input],
    ['output', output],
  ]);
  const close = (end: string): void => {
    const descriptor = open.get(end);
    open.delete(end);
    if (descriptor !== undefined) closeSync(descriptor);
  };
  return { input, output, close };
}

function metadata(name: string, figures: ProcessFigures, program?: ProgramFile): Uint8Array {
  const { heapUsed, heapTotal, external, arrayBuffers, rss } = process.memoryUsage();
  const { modules, v8 } = process.versions;
  const content: ImageMetadata = {
    format: 1,
    name,
    pid: process.pid,
    nodeVersion: process.versions.node,
    v8Version: v8,
    modules,
    platform: process.platform,
    arch: process.arch,
    capturedAt: new Date().toISOString(),
    heap: {
      used: heapUsed,
      total: heapTotal,
      limit: getHeapStatistics().heap_size_limit,
      external,
      arrayBuffers,
    },
    rss,
    process: figures,
    ...(program === undefined ? {} : { program }),
  };
  return Buffer.from(JSON.stringify(content));
}
