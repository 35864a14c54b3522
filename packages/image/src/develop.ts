/**
 * Runs the darkroom: it restores an image in a sandboxed process, in which V8 writes the heap snapshot. It
 * needs no privilege, and not the Node version that was captured.
 */
import type { Redacted, RedactionLevel } from '@afterimage/snapshot/redaction';
import { once } from 'node:events';
import { closeSync, existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  followReports,
  startDarkroom,
  watchForStall,
  type DarkroomProcess,
  type Program,
  type Reports,
} from './darkroom-process.js';
import { DevelopError, explainExit, type DevelopFailure } from './develop-errors.js';
import { darkroomFile } from './native-part.js';
import type { ImageStream } from './read.js';
import { redactedOutput } from './redacted-output.js';
import { openOmittedProgram } from './target-program.js';

export { DevelopError, type DevelopFailure } from './develop-errors.js';

export interface DevelopProgress {
  /**
   * restoring: image bytes read; taking: V8's count of heap objects; writing: snapshot bytes (total unknown:
   * 0).
   */
  phase: 'restoring' | 'taking' | 'writing';
  done: number;
  total: number;
}

export interface DevelopOptions {
  signal?: AbortSignal;
  onProgress?: (progress: DevelopProgress) => void;
  /** Called with the process ID of the darkroom, so that the caller can watch its memory. */
  onStart?: (pid: number) => void;
  /**
   * Develop fails if the darkroom uses no CPU time and neither reads nor writes for this many milliseconds.
   * Default 30,000.
   */
  stallMs?: number;
  /** V8's option of the same name: heap numbers appear with their values. */
  exposeNumericValues?: boolean;
  /**
   * Leaves out what makes developing faster but alters the heap: with V8 before 12, line ends are added to scripts and
   * the feedback of functions is cleared. For comparisons.
   */
  keepHeap?: boolean;
  /** What is removed from the snapshot before its first byte is written. Default `strings`. */
  redact?: RedactionLevel;
  /** Path of the target's program file, for an image that leaves it out. Default: where the target had it. */
  targetProgram?: string | undefined;
  /**
   * Path of a script that reads the heap out of the image, in a process of this Node.js, in place of the darkroom. It speaks
   * the darkroom's language, and ends with `READER_EXIT.unreadable` (develop-errors.ts) if only V8's own generator can develop this image.
   */
  reader?: string;
  /** Path of the darkroom, for tests. Default: the one that was built or installed with this package. */
  program?: string;
}

export interface DevelopResult {
  snapshotBytes: number;
  /** As counted in the snapshot's own header. */
  nodes: number;
  edges: number;
  /** The redaction level that was applied. */
  redaction: RedactionLevel;
  developMs: number;
  /** Number of locks that were released because their threads do not exist in the fork. */
  ghostLocks: number;
}

const ADDRESS_UNAVAILABLE = 65; // native/exit_codes.h
const ATTEMPTS = 8;

function installedProgram(image: ImageStream): string {
  const { arch } = image.header;
  if (process.platform === 'linux' && arch !== process.arch)
    throw new DevelopError(
      'wrong-architecture',
      `the image was taken on ${arch} and this machine is ${process.arch}: develop it on Linux on ${arch}`,
    );
  const program = darkroomFile();
  if (!existsSync(program))
    throw new DevelopError(
      'program-missing',
      `there is no darkroom for ${process.platform}-${process.arch} (${program}): develop the image on linux-${arch}, or run \`npm run build\` in a checkout`,
    );
  return program;
}

function programOf(image: ImageStream, options: DevelopOptions): Program {
  const { reader, program, exposeNumericValues, keepHeap } = options;
  if (reader !== undefined) return { file: process.execPath, flags: [reader], name: 'afterimage-reader' };
  const file = program ?? installedProgram(image);
  const flags = [
    ...(exposeNumericValues ? ['--expose-numeric-values'] : []),
    ...(keepHeap ? ['--keep-heap'] : []),
  ];
  return { file, flags, name: file };
}

interface Attempt {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  reports: Reports;
  snapshot: Redacted | null;
}

/**
 * Develops an image: writes the snapshot to `output` and ends it. On failure it closes and removes nothing;
 * that is up to the owner of `output`.
 * @throws {DevelopError}
 */
export async function develop(
  image: ImageStream,
  output: Writable,
  options: DevelopOptions = {},
): Promise<DevelopResult> {
  const program = programOf(image, options);
  const started = performance.now();
  const opened =
    options.reader === undefined && image.program === undefined
      ? openOmittedProgram(image.header, options.targetProgram)
      : undefined;
  const source = { ...image, program: options.reader === undefined ? (image.program ?? opened) : undefined };
  const chunks = image.chunks[Symbol.asyncIterator]();
  // Each attempt's pipeline leaves its listeners on an output that it does not end; Node would warn about
  // them.
  output.setMaxListeners(0);
  try {
    const first = await chunks.next();
    const beginning = first.done ? new Uint8Array(0) : first.value;
    for (let attempt = 1; ; attempt++) {
      const ended = await runOnce(program, { image: source, beginning, chunks }, output, options);
      if (ended.snapshot)
        return {
          snapshotBytes: ended.snapshot.bytes,
          nodes: ended.snapshot.nodes,
          edges: ended.snapshot.edges,
          redaction: ended.snapshot.provenance.redaction,
          developMs: performance.now() - started,
          ghostLocks: ended.reports.ghostLocks,
        };
      // The next process gets another address layout, and none of the image's contents has been read yet.
      if (ended.exitCode === ADDRESS_UNAVAILABLE && attempt < ATTEMPTS) continue;
      throw explainExit(ended.exitCode, ended.signal, ended.reports.error, ended.reports.otherText);
    }
  } finally {
    if (opened !== undefined) closeSync(opened);
    // Not awaited: with a stalled source it would never settle.
    void chunks.return?.().catch(() => undefined);
  }
}

/** Runs one darkroom process, which may find that the image's addresses are already in use. */
async function runOnce(
  program: Program,
  source: ImageSource,
  output: Writable,
  options: DevelopOptions,
): Promise<Attempt> {
  const { signal, onProgress = () => undefined, stallMs = 30_000, redact = 'strings' } = options;
  if (signal?.aborted) throw calledOff();
  const { imageBytes, metadata } = source.image.header;
  const darkroom = await startDarkroom(program, source.image.program);
  options.onStart?.(darkroom.pid);
  const onAbort = (): void => darkroom.giveUp(calledOff());
  signal?.addEventListener('abort', onAbort);

  let readBytes = 0;
  let snapshotBytes = 0;
  const stopWatching = watchForStall(
    darkroom.pid,
    () => readBytes + snapshotBytes,
    stallMs,
    () => darkroom.giveUp(stalled(readBytes, imageBytes, stallMs)),
  );
  const feed = feedImage(darkroom, source, (bytes, isHeader) => {
    readBytes += bytes;
    if (!isHeader) onProgress({ phase: 'restoring', done: readBytes, total: imageBytes });
  });
  const reports = followReports(darkroom.errors, feed, (done, total) =>
    onProgress({ phase: 'taking', done, total }),
  );
  const redacted = redactedOutput(metadata, redact, (bytes) => {
    snapshotBytes = bytes;
    onProgress({ phase: 'writing', done: bytes, total: 0 });
  });
  // The output does not end with the program: another attempt may follow, and a failed one leaves the output
  // to its owner.
  const written = pipeline(darkroom.output, redacted.stream, output, { end: false }).catch((error: unknown) =>
    darkroom.giveUp(asDevelopError(error, 'output-failed', 'the snapshot cannot be written')),
  );
  try {
    const { exitCode, signal: by } = await darkroom.closed;
    await written;
    darkroom.throwIfGivenUp();
    return { exitCode, signal: by, reports, snapshot: exitCode === 0 ? await redacted.end(output) : null };
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', onAbort);
  }
}

interface ImageSource {
  image: ImageStream;
  /** The first chunk; every attempt gets the header from it. */
  beginning: Uint8Array;
  /** The remaining chunks, read once, after a process has claimed the image's addresses. */
  chunks: AsyncIterator<Uint8Array>;
}

/** Writes the header at once, and returns the function that writes the rest. */
function feedImage(
  darkroom: DarkroomProcess,
  { image, beginning, chunks }: ImageSource,
  onBytes: (bytes: number, isHeader: boolean) => void,
): () => void {
  const { input } = darkroom;
  const write = async (chunk: Uint8Array): Promise<void> => {
    onBytes(chunk.length, false);
    if (!input.write(chunk)) await once(input, 'drain');
  };
  const feed = async (): Promise<void> => {
    await write(beginning.subarray(header.length));
    while (darkroom.isRunning()) {
      const next = await chunks.next();
      if (next.done) break;
      await write(next.value);
    }
    input.end();
  };
  const header = beginning.subarray(0, image.header.headerBytes);
  onBytes(header.length, true);
  input.write(header);
  if (header.length < image.header.headerBytes) input.end();
  return () => {
    feed().catch((error: unknown) => {
      if (darkroom.isRunning())
        darkroom.giveUp(asDevelopError(error, 'truncated', 'the image cannot be read to its end'));
    });
  };
}

function calledOff(): DevelopError {
  return new DevelopError('aborted', 'developing was canceled');
}

function stalled(readBytes: number, imageBytes: number, stallMs: number): DevelopError {
  const seconds = stallMs / 1000;
  return new DevelopError(
    'stalled',
    readBytes < imageBytes
      ? `the image stopped arriving: ${readBytes} of ${imageBytes} bytes, and nothing more for ${seconds} s`
      : `the darkroom made no progress for ${seconds} s: capture again`,
  );
}

function asDevelopError(error: unknown, code: DevelopFailure, what: string): DevelopError {
  if (error instanceof DevelopError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DevelopError(code, `${what}: ${reason}`, { cause: error });
}
