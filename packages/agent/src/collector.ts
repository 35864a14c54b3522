/**
 * The collector: a separate process that receives the image, develops or stores it, and writes the result to
 * its path. The agent starts it before the fork; no failure in it affects the server. Its last line and its
 * exit code, 0 or 1, give the outcome.
 */
import { createWriteStream, rmSync, writeFileSync } from 'node:fs';
import { rm, type FileHandle } from 'node:fs/promises';
import { setPriority } from 'node:os';
import type { Writable } from 'node:stream';
import { openControl, report } from './collector-control.js';
import { choosePlace, type Place } from './collector-place.js';
import { keepOutOfCoreDumps } from '@afterimage/host/core-dumps';
import type { CollectorJob, FromCollector, ReportOf } from './collector-protocol.js';
import { deferred, untilAborted, within } from '@afterimage/host/deferred';
import { develop, DevelopError, type DevelopResult } from '@afterimage/image/develop';
import { messageOf } from '@afterimage/host/errors';
import { CaptureError } from './errors.js';
import { describeHeadroom } from '@afterimage/host/headroom';
import { formatBytes } from '@afterimage/host/format';
import { checkRecipients, ENCRYPTED_ENDING, EncryptionError } from '@afterimage/image/encryption';
import { ImageError, readImage, type ImageStream } from '@afterimage/image/read';
import { imageChunks } from '@afterimage/image/swept-chunks';
import { storeImage, STORED_ENDING } from '@afterimage/image/store';
import { refusePlainImage } from './plain-image.js';
import { watchMemory, type Finding } from '@afterimage/host/memory-watch';
import { openProgram } from '@afterimage/image/target-program';
import { leanCapture } from '@afterimage/v8-heap/needs/lean-capture';
import { openTemporary, OutputError, outputError, publish } from '@afterimage/host/output-file';
import { imagePath } from './path-template.js';
import { READING_SCRIPT } from '@afterimage/v8-heap/reading-script';
import { sealedOutput } from '@afterimage/image/seal';

/** How long the darkroom may take to disappear after it was killed, in milliseconds. */
const END_MS = 1_000;
/**
 * Time for cleaning up once the target has ended, in milliseconds. A process that got no thread may otherwise
 * wait for one forever.
 */
const CLEAN_UP_MS = 10_000;

const stop = new AbortController();
const job = deferred<CollectorJob>();
const imageComplete = deferred<undefined>();
/** Settles when no darkroom is running. */
let developing: Promise<unknown> = Promise.resolve();
/** The temporary file while it exists. */
let temporary: string | null = null;
const memory = watchMemory(
  (found) => stop.abort(memoryShort(found)),
  undefined,
  (taken, bound) => stop.abort(tooMuchMemory(taken, bound)),
);

stop.signal.addEventListener('abort', () => setTimeout(endAtOnce, CLEAN_UP_MS).unref());
stepBack();
keepOutOfCoreDumps();
openControl({
  onMessage: (message) => {
    if (message.type === 'job') job.resolve(message);
    else if (message.type === 'forked') memory.child = message.pid;
    else {
      memory.child = null;
      imageComplete.resolve(undefined);
    }
  },
  onEnd: () => stop.abort(new CaptureError('uninstalled', 'the target is gone')),
});
process.exitCode = await collect();
// Explicitly, because reading the image and listening to the agent would continue.
process.exit();

/** Runs the collector; returns the exit code. */
async function collect(): Promise<number> {
  let work: CollectorJob | null = null;
  let file: FileHandle | null = null;
  try {
    work = await untilAborted(job.promise, stop.signal);
    if (work.recipients.length > 0) await checkRecipients(work.recipients);
    const place = await choosePlace(work);
    if (!place.develop) refusePlainImage(work, place.why);
    const program = place.develop || !work.wholeImage ? openProgram(work.target) : undefined;
    const lean = leanCapture(work.target, program, place.develop && place.by === 'v8');
    file = await openTemporary(work.temporary);
    temporary = work.temporary;
    report({ type: 'ready', lean });
    report(await receive(work, file, place, program));
    return 0;
  } catch (error) {
    memory.stop();
    // It has been killed; its memory is free only after it has ended.
    await within(developing, END_MS, () => new Error('late')).catch(() => undefined);
    const why: unknown = stop.signal.aborted ? stop.signal.reason : (killedForMemory(error) ?? error);
    // Before the file is removed: of a full disk it gives the figures.
    const failure = failureReport(why, work);
    if (work !== null && file !== null) {
      await file.close().catch(() => undefined);
      await rm(work.temporary, { force: true }).catch(() => undefined);
    }
    report(failure);
    return 1;
  }
}

/** Receives the image, and writes the result to its path. */
async function receive(
  work: CollectorJob,
  file: FileHandle,
  place: Place,
  program: number | undefined,
): Promise<ReportOf<'written'>> {
  const chunks = imageChunks(0, (bytes) => report({ type: 'image', bytes, extraBytes: memory.peak() }));
  const image = { ...(await whole(readImage(chunks))), program };
  if (place.develop) memory.darkroomBound = place.boundBytes;
  const { recipients } = work;
  const { stream, sha256 } = await sealedOutput(writeTo(file), recipients);
  const developed = place.develop
    ? await whole(developImage(image, stream, work, place.by))
    : await whole(store(image, stream));
  await untilAborted(imageComplete.promise, stop.signal);
  memory.stop();
  const { size } = await file.stat();
  const plainPath = place.develop ? work.path : imagePath(work.path, STORED_ENDING);
  const path = recipients.length > 0 ? plainPath + ENCRYPTED_ENDING : plainPath;
  await publish(file, work.temporary, path);
  return {
    type: 'written',
    kind: place.develop ? 'snapshot' : 'image',
    encrypted: recipients.length > 0,
    path,
    bytes: size,
    sha256: sha256(),
    extraBytes: memory.peak(),
    ...(developed === null ? {} : figuresOf(developed)),
    ...(place.develop ? {} : { why: place.why }),
  };
}

/** Ends without process.exit(), which waits for V8's threads. */
function endAtOnce(): void {
  if (temporary !== null) rmSync(temporary, { force: true });
  process.kill(process.pid, 'SIGKILL');
}

function figuresOf({ developMs, ghostLocks, redaction }: DevelopResult): Partial<ReportOf<'written'>> {
  return { developMs, ghostLocks, redaction };
}

async function developImage(
  image: ImageStream,
  output: Writable,
  work: CollectorJob,
  by: 'reader' | 'v8',
): Promise<DevelopResult> {
  try {
    const program = work.darkroom === undefined ? {} : { program: work.darkroom };
    const reader = by === 'reader' ? { reader: READING_SCRIPT } : {};
    const onStart = (pid: number): number => (memory.darkroom = pid);
    const developed = develop(image, output, {
      signal: stop.signal,
      onStart,
      redact: work.redact,
      ...program,
      ...reader,
    });
    developing = developed;
    return await developed;
  } finally {
    memory.darkroom = null;
  }
}

async function store(image: ImageStream, output: Writable): Promise<null> {
  await storeImage(image.chunks, output, stop.signal);
  return null;
}

/**
 * Uses the descriptor's number: a stream made by the handle would delay the handle's close() until the stream
 * is closed too.
 */
function writeTo(file: FileHandle): Writable {
  return createWriteStream('', { fd: file.fd, autoClose: false, highWaterMark: 1 << 18 });
}

/**
 * Waits for a step. An image that ends too early is only a symptom: the child failed, and the agent knows
 * why. So the agent gets a chance to end this process before it reports the error.
 */
async function whole<T>(step: Promise<T>): Promise<T> {
  try {
    return await untilAborted(step, stop.signal);
  } catch (error) {
    if ((error instanceof ImageError || error instanceof DevelopError) && error.code === 'truncated') {
      await untilAborted(imageComplete.promise, stop.signal);
    }
    throw error;
  }
}

function memoryShort({ headroom, reserve }: Finding): CaptureError {
  return new CaptureError(
    'headroom',
    `capture aborted, memory low: ${describeHeadroom(headroom)}, reserve ${formatBytes(reserve)}. ` +
      "With develop: 'never' the image is stored, and `afterimage develop` turns it into a snapshot elsewhere",
  );
}

function tooMuchMemory(taken: number, bound: number): CaptureError {
  return new CaptureError(
    'headroom',
    `developing used ${formatBytes(taken)} of memory, more than the ${formatBytes(bound)} allowed on the server's machine; nothing ` +
      "was written. With develop: 'never' the image is stored, and `afterimage develop` turns it into a snapshot " +
      'elsewhere; developMemoryMb (AFTERIMAGE_DEVELOP_MEMORY_MB) allows more',
  );
}

/** The kernel may have been faster than the watch; the capture's processes are the first that it kills. */
function killedForMemory(error: unknown): CaptureError | null {
  const found = memory.latest();
  if (!(error instanceof DevelopError) || error.code !== 'killed' || found === null) return null;
  return found.headroom.available < found.reserve * 3 ? memoryShort(found) : null;
}

function failureReport(error: unknown, work: CollectorJob | null): FromCollector {
  const failed = (
    code: CaptureError['code'],
    message: string,
    detail?: string,
    again = false,
  ): FromCollector => {
    return { type: 'failed', code, message, detail, again };
  };
  if (error instanceof CaptureError) return failed(error.code, error.message, error.detail);
  if (error instanceof ImageError) return failed('child-failed', error.message, error.code);
  if (error instanceof DevelopError && error.code !== 'output-failed') {
    const again = ['stalled', 'address-unavailable', 'unreadable'].includes(error.code);
    return failed('develop-failed', error.message, error.code, again);
  }
  if (error instanceof EncryptionError) return failed('unencrypted', error.message);
  const cause = error instanceof DevelopError ? (error.cause ?? error) : error;
  if (cause instanceof OutputError || (cause instanceof Error && 'syscall' in cause)) {
    const { code, message } = outputError(cause, work?.path ?? '');
    return failed(code === 'disk-full' ? 'disk' : 'output', message, code);
  }
  return failed('collector-failed', messageOf(error));
}

/** Gives the server priority for processor and memory, and ignores signals that are meant for it. */
function stepBack(): void {
  try {
    setPriority(19);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Some sandboxes forbid this; then only the memory watch protects the server.
  }
  // A Ctrl-C or hangup reaches the whole group; the target decides whether the capture ends.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
    process.on(signal, () => undefined);
  process.on('SIGTERM', () => {
    stop.abort(
      new CaptureError('collector-failed', 'the collector was stopped by SIGTERM; nothing was written'),
    );
  });
}
