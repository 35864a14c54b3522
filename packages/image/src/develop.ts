/**
 * Runs the developer program: it restores an image in a sandboxed process of its own, in which V8 writes
 * the heap snapshot. Needs no privilege, and not the Node version that was captured.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  redactor,
  type Redacted,
  type RedactionLevel,
  type Redactor,
  type Target,
} from '@afterimage/snapshot/redaction';
import { readStatSync } from '@afterimage/host/process-stat';
import { DevelopError, explainExit } from './develop-errors.js';
import type { ImageMetadata, ImageStream } from './read.js';
import { darkroomFile } from './native-part.js';

export { DevelopError, type DevelopFailure } from './develop-errors.js';

export interface DevelopProgress {
  /** restoring: image bytes read; taking: V8's own count of heap objects; writing: snapshot bytes (total unknown: 0). */
  phase: 'restoring' | 'taking' | 'writing';
  done: number;
  total: number;
}

export interface DevelopOptions {
  signal?: AbortSignal;
  onProgress?: (progress: DevelopProgress) => void;
  /** Called with the pid of the developer program, for whoever watches its memory. */
  onStart?: (pid: number) => void;
  /** Given up when the program neither burns CPU nor reads nor writes for this long. Default 30,000. */
  stallMs?: number;
  /** V8's option of the same name: heap numbers appear with their values. */
  exposeNumericValues?: boolean;
  /** What is taken out of the snapshot before its first byte is written. Default strings. */
  redact?: RedactionLevel;
  /** The developer program, for tests. Default: the one that was built or installed with this package. */
  program?: string;
}

export interface DevelopResult {
  snapshotBytes: number;
  /** As the snapshot's own header counts them. */
  nodes: number;
  edges: number;
  /** What was done to it. */
  redaction: RedactionLevel;
  developMs: number;
  /** Locks that threads lost in the fork still held, cleared on the way. */
  ghostLocks: number;
}

type DeveloperProcess = ChildProcessByStdio<Writable, Readable, Readable>;

const ADDRESS_UNAVAILABLE = 65; // native/exit_codes.h
const ATTEMPTS = 8;
const TEXT_MOST = 4096;

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
      `there is no developer program for ${process.platform}-${process.arch} (${program}): develop the image on linux-${arch}, or run \`npm run build\` in a checkout`,
    );
  return program;
}

/** What the program says, line by line (native/darkroom/report.h), and the tail of anything else. */
interface Reports {
  error: string;
  otherText: string;
  ghostLocks: number;
}

function followReports(
  child: DeveloperProcess,
  onMapped: () => void,
  onProgress: (progress: DevelopProgress) => void,
): Reports {
  const reports: Reports = { error: '', otherText: '', ghostLocks: 0 };
  let rest = '';
  child.stderr.setEncoding('latin1');
  child.stderr.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-TEXT_MOST);
    for (const line of lines) {
      const [, word, argument = ''] = /^afterimage (\S+) ?(.*)$/.exec(line) ?? [];
      if (word === 'mapped') onMapped();
      else if (word === 'error') reports.error = argument.trim();
      else if (word === 'ghost-lock') reports.ghostLocks++;
      else if (word === 'taking') {
        const [done = 0, total = 0] = argument.split(' ').map(Number);
        onProgress({ phase: 'taking', done, total });
      } else if (word === undefined) reports.otherText = (reports.otherText + line + '\n').slice(-TEXT_MOST);
    }
  });
  return reports;
}

function cpuTicks(pid: number): number {
  return readStatSync(pid)?.cpuTicks ?? -1;
}

/** Calls `onStall` once nothing has moved for `stallMs`: no byte in or out, no CPU time. */
function watchForStall(pid: number, moved: () => number, stallMs: number, onStall: () => void): () => void {
  let last = '';
  let since = performance.now();
  const timer = setInterval(
    () => {
      const state = `${moved()} ${cpuTicks(pid)}`;
      const now = performance.now();
      if (state !== last) {
        last = state;
        since = now;
      } else if (now - since > stallMs) onStall();
    },
    Math.min(1000, stallMs / 4),
  );
  return () => clearInterval(timer);
}

/** The image's header again for each attempt, the rest only once the program has claimed its addresses. */
async function feed(
  child: DeveloperProcess,
  chunks: AsyncIterator<Uint8Array>,
  beginning: Uint8Array,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const write = async (chunk: Uint8Array): Promise<void> => {
    onBytes(chunk.length);
    if (!child.stdin.write(chunk)) await once(child.stdin, 'drain');
  };
  await write(beginning);
  while (child.exitCode === null && child.signalCode === null) {
    const next = await chunks.next();
    if (next.done) break;
    await write(next.value);
  }
  child.stdin.end();
}

interface Attempt {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  reports: Reports;
  snapshot: Redacted | null;
}

/** What V8 wrote is looked at as it passes: exit code 0 alone does not make it whole. */
function endOfSnapshot(redaction: Redactor): ReturnType<Redactor['end']> {
  try {
    return redaction.end();
  } catch (error) {
    throw incomplete(error);
  }
}

function targetOf({
  name,
  pid,
  nodeVersion,
  v8Version,
  arch,
  capturedAt,
  heap,
  rss,
  process: figures,
}: ImageMetadata): Target {
  const { used: heapUsed, total: heapTotal, limit: heapLimit, external, arrayBuffers } = heap;
  const { threads = null, descriptors = null, cgroup = null } = figures ?? {};
  return {
    name,
    pid,
    node: nodeVersion,
    v8: v8Version,
    arch,
    time: capturedAt,
    process: {
      rss,
      heapUsed,
      heapTotal,
      heapLimit,
      external,
      arrayBuffers,
      threads,
      descriptors,
      cgroup,
    },
  };
}

function incomplete(error: unknown): DevelopError {
  const why = error instanceof Error ? error.message : String(error);
  return new DevelopError('crashed', `V8 wrote no whole snapshot: ${why}; capture again`, { cause: error });
}

/**
 * Develops an image: writes the snapshot to `output` and ends it. Nothing is closed or removed on failure;
 * that is for the owner of `output`.
 * @throws {DevelopError}
 */
export async function develop(
  image: ImageStream,
  output: Writable,
  options: DevelopOptions = {},
): Promise<DevelopResult> {
  const program = options.program ?? installedProgram(image);
  const started = performance.now();
  const chunks = image.chunks[Symbol.asyncIterator]();
  // A pipeline leaves its listeners on an output that it is not to end, for each attempt; Node would warn of them.
  output.setMaxListeners(0);
  try {
    const first = await chunks.next();
    const beginning = first.done ? new Uint8Array(0) : first.value;
    for (let attempt = 1; ; attempt++) {
      const ended = await runOnce(program, image, beginning, chunks, output, options);
      if (ended.snapshot)
        return {
          snapshotBytes: ended.snapshot.bytes,
          nodes: ended.snapshot.nodes,
          edges: ended.snapshot.edges,
          redaction: ended.snapshot.provenance.redaction,
          developMs: performance.now() - started,
          ghostLocks: ended.reports.ghostLocks,
        };
      // The next process gets another address layout; none of the image's contents has been read yet.
      if (ended.exitCode === ADDRESS_UNAVAILABLE && attempt < ATTEMPTS) continue;
      throw explainExit(ended.exitCode, ended.signal, ended.reports.error, ended.reports.otherText);
    }
  } finally {
    // Not awaited: a source that gives nothing any more would hold this up for ever.
    void chunks.return?.().catch(() => undefined);
  }
}

async function runOnce(
  program: string,
  image: ImageStream,
  beginning: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
  output: Writable,
  options: DevelopOptions,
): Promise<Attempt> {
  const { signal, onProgress = () => undefined, stallMs = 30_000 } = options;
  if (signal?.aborted) throw new DevelopError('aborted', 'developing was called off');
  const child = spawn(program, options.exposeNumericValues ? ['--expose-numeric-values'] : [], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {},
  });
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('close', (code, by) => resolve([code, by]));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DevelopError(
          'program-missing',
          `the developer program ${program} cannot be started (${error.code ?? error.message}): it must exist, be executable, and not lie on a noexec mount`,
        ),
      ),
    );
  });
  closed.catch(() => undefined);
  await new Promise((resolve) => child.once('spawn', resolve).once('error', resolve));
  const pid = child.pid;
  if (pid === undefined) {
    await closed;
    throw new DevelopError('program-missing', `the developer program ${program} cannot be started`);
  }
  options.onStart?.(pid);

  let failure = null as DevelopError | null;
  const giveUp = (error: DevelopError): void => {
    failure ??= error;
    child.kill('SIGKILL');
  };
  const onAbort = (): void => giveUp(new DevelopError('aborted', 'developing was called off'));
  signal?.addEventListener('abort', onAbort);

  let readBytes = 0;
  let snapshotBytes = 0;
  const stopWatching = watchForStall(
    pid,
    () => readBytes + snapshotBytes,
    stallMs,
    () =>
      giveUp(
        new DevelopError(
          'stalled',
          readBytes < image.header.imageBytes
            ? `the image stopped arriving: ${readBytes} of ${image.header.imageBytes} bytes, and nothing more for ${stallMs / 1000} s`
            : `the developer program neither worked nor wrote for ${stallMs / 1000} s: capture again`,
        ),
      ),
  );

  const ended = closed.finally(() => child.stdin.destroy());
  ended.catch(() => undefined);
  child.stdin.on('error', () => undefined); // EPIPE: the program's end says why
  const header = beginning.subarray(0, image.header.headerBytes);
  const reports = followReports(
    child,
    () => {
      const onBytes = (bytes: number): void => {
        readBytes += bytes;
        onProgress({ phase: 'restoring', done: readBytes, total: image.header.imageBytes });
      };
      feed(child, chunks, beginning.subarray(header.length), onBytes).catch((error: unknown) => {
        if (child.exitCode !== null || child.signalCode !== null || child.stdin.destroyed) return;
        giveUp(
          error instanceof DevelopError
            ? error
            : new DevelopError('truncated', `the image cannot be read to its end: ${String(error)}`, {
                cause: error,
              }),
        );
      });
    },
    onProgress,
  );
  readBytes = header.length;
  child.stdin.write(header);
  if (header.length < image.header.headerBytes) child.stdin.end();

  const redaction = redactor({ level: options.redact ?? 'strings', target: targetOf(image.header.metadata) });
  const redacted = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      snapshotBytes += chunk.length;
      onProgress({ phase: 'writing', done: snapshotBytes, total: 0 });
      try {
        for (const part of redaction.push(chunk)) redacted.push(part);
        callback();
      } catch (error) {
        callback(incomplete(error));
      }
    },
  });
  // Not ended with the program: another attempt may follow, and a failed one leaves the output to its owner.
  const written = pipeline(child.stdout, redacted, output, { end: false }).catch((error: unknown) =>
    giveUp(
      error instanceof DevelopError
        ? error
        : new DevelopError(
            'output-failed',
            `the snapshot cannot be written: ${error instanceof Error ? error.message : String(error)}`,
            { cause: error },
          ),
    ),
  );
  try {
    const [exitCode, by] = await ended;
    await written;
    if (failure !== null) throw failure;
    const end = exitCode === 0 ? endOfSnapshot(redaction) : null;
    if (end) {
      for (const part of end.chunks) output.write(part);
      output.end();
      if (!output.writableFinished) await once(output, 'finish');
    }
    return { exitCode, signal: by, reports, snapshot: end?.redacted ?? null };
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', onAbort);
  }
}
