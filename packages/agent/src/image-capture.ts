/**
 * Captures by image: starts the collector, has the child forked that writes its memory to it, and sees both of
 * them to their end, whichever way it goes. The server's own part is to start, to fork and to wait.
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
import { COMPRESSED_SHARE } from '@afterimage/image/store';
import { refusePlainImage } from './plain-image.js';
import type { ImageMetadata } from '@afterimage/image/read';
import { requireAddon } from './image-support.js';
import { anonymousBytes } from '@afterimage/host/memory-use';
import type { Addon } from '@afterimage/image/native-part';
import { CAPTURE_DESCRIPTORS } from './reserve.js';
import type { Settings } from './options.js';
import { checkDisk } from '@afterimage/host/output-file';
import { readProcessFigures, type ProcessFigures } from '@afterimage/host/process-figures';
import { temporaryName } from '@afterimage/host/temporary';

/** Images taken before giving up, when developing them fails in a way that the next may not. */
const ATTEMPTS = 3;
/** For the collector to start, on a busy machine. */
const START_MS = 30_000;
/**
 * For the child to write the image, which takes it 5 s for each GB where it gets a processor. Meanwhile each page that the
 * server writes to is there twice, and a saturated server leaves a child of idle priority next to nothing.
 */
const IMAGE_MS = 180_000;
/** For a collector's own failure to become known, when the child has already stumbled over it. */
const GRACE_MS = 1_000;

/** @throws {CaptureError} or {OutputError}, when this process, its memory or its disk does not allow it */
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

/** @throws {CaptureError} */
export async function captureImage(job: CaptureJob): Promise<CaptureResult> {
  for (let attempt = 1; ; attempt++) {
    const again = attempt === 1 ? '' : ` again, attempt ${attempt} of ${ATTEMPTS}`;
    job.emit('started', `capturing an image${again}`, { path: job.path, mode: 'image', attempt });
    try {
      return await captureOnce(job, attempt);
    } catch (error) {
      if (!(error instanceof TryAgainError)) throw error;
      if (attempt === ATTEMPTS) throw error.failure;
    }
  }
}

async function captureOnce(job: CaptureJob, attempt: number): Promise<CaptureResult> {
  const addon = requireAddon();
  const { reserve, settings, signal } = job;
  const { temporary, pipe, collector } = await reserve.during(() => start(addon, job), CAPTURE_DESCRIPTORS);
  // When this process ends first, the collector cleans up; but a container ends with its first process.
  const removeAtExit = (): void => rmSync(temporary, { force: true });
  process.once('exit', removeAtExit);
  let child: Child | null = null;
  try {
    await untilAborted(within(collector.ready, START_MS, tooSlow), signal);
    const started = performance.now();
    // Reading the process' figures needs a descriptor, and so do the thread that reads smaps and the child, before it has
    // closed what it inherited.
    child = await reserve.during(async () => {
      const { name, parkTimeoutMs } = settings;
      const figures = metadata(name, await readProcessFigures('self'));
      return forkChild(addon, { output: pipe.output, metadata: figures, parkTimeoutMs }, signal);
    }, CAPTURE_DESCRIPTORS);
    pipe.close('output');
    return await collect(job, attempt, child, collector, started);
  } finally {
    // The child first: the collector then finds the end of the pipe.
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

/** Nothing is left when it throws. */
async function start(addon: Addon, job: CaptureJob): Promise<Started> {
  const { develop, developMemoryMb, darkroom, redact, recipients, storePlainImage } = job.settings;
  const { path } = job;
  const temporary = await temporaryName(path);
  const pipe = openPipe(addon);
  try {
    const collector = startCollector(addon, pipe.input, {
      type: 'job',
      path,
      temporary,
      develop,
      developMemoryMb,
      redact,
      recipients,
      storePlainImage,
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

/** From the fork to the result in its place. */
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
    // Starting the collector holds the event loop up as well.
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

/** Both ends must agree that the image is whole. When one fails, the other often does so too: what counts is why. */
async function imageOut(child: Child, collector: Collector): Promise<Awaited<Collector['image']>> {
  const ended = child.ended.then(async (problem) => {
    if (problem === null) return;
    const failure = new CaptureError('child-failed', `${problem.message}; nothing was written`);
    // A child that gave up by itself may just have lost its reader.
    if (!problem.killed) await within(collector.written, GRACE_MS, () => failure);
    throw failure;
  });
  const [image] = await Promise.all([collector.image, ended]);
  return image;
}

/** Waits no longer than `ms` for the promise, then rejects with what `late` makes. Keeps no process alive. */
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
  /** Once; later calls do nothing. */
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

function metadata(name: string, figures: ProcessFigures): Uint8Array {
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
  };
  return Buffer.from(JSON.stringify(content));
}
