/** Starts the darkroom as a process, reads its reports, watches it and ends it. */
import { readStatSync } from '@afterimage/host/process-stat';
import { messageOf } from '@afterimage/host/errors';
import { throwIfWithoutPipes } from '@afterimage/host/spawn-failure';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { DevelopError } from './develop-errors.js';

const MAX_TEXT_LENGTH = 4096;

export interface DarkroomProcess {
  pid: number;
  input: Writable;
  /** The snapshot as V8 writes it. */
  output: Readable;
  errors: Readable;
  isRunning(): boolean;
  /** Kills the process. {@link throwIfGivenUp} throws the first error passed here. */
  giveUp(error: DevelopError): void;
  throwIfGivenUp(): void;
  /** Resolves when the process has ended and all of its output has been read. */
  closed: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>;
}

/** The darkroom, or a program that speaks its language. */
export interface Program {
  file: string;
  flags: readonly string[];
  /** What lists of processes show. */
  name: string;
}

/**
 * Starts the darkroom with stdin, stdout and stderr as pipes.
 * @param target descriptor of the target's program file, for an image without it
 * @throws {DevelopError} `program-missing`, also if no descriptor is left for its pipes
 */
export async function startDarkroom(
  { file: program, flags, name }: Program,
  target?: number,
): Promise<DarkroomProcess> {
  const options = target === undefined ? flags : [...flags, '--program'];
  const more = target === undefined ? [] : [target];
  const spawned = spawn(program, options, {
    stdio: ['pipe', 'pipe', 'pipe', ...more],
    env: {},
    argv0: name,
  });
  const child = spawned as ChildProcessWithoutNullStreams;
  try {
    throwIfWithoutPipes(child, program);
  } catch (error) {
    throw new DevelopError('program-missing', `the darkroom cannot be started: ${messageOf(error)}`);
  }
  const closed = new Promise<Awaited<DarkroomProcess['closed']>>((resolve, reject) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DevelopError(
          'program-missing',
          error.code === 'EAGAIN'
            ? 'the darkroom cannot be started (EAGAIN): no process or thread is left (ulimit -u, pids.max)'
            : `the darkroom ${program} cannot be started (${error.code ?? error.message}): it must exist, be executable, and not lie on a noexec mount`,
        ),
      ),
    );
  }).finally(() => child.stdin.destroy());
  closed.catch(() => undefined);
  await new Promise((resolve) => child.once('spawn', resolve).once('error', resolve));
  const { pid } = child;
  if (pid === undefined) {
    await closed;
    throw new DevelopError('program-missing', `the darkroom ${program} cannot be started`);
  }
  child.stdin.on('error', () => undefined); // EPIPE: the exit code says why
  let failure = null as DevelopError | null;
  return {
    pid,
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    isRunning: () => child.exitCode === null && child.signalCode === null && !child.stdin.destroyed,
    giveUp: (error) => {
      failure ??= error;
      child.kill('SIGKILL');
    },
    throwIfGivenUp: () => {
      if (failure !== null) throw failure;
    },
    closed,
  };
}

/**
 * Collects the lines that the program reports (native/darkroom/report.h), and the tail of any other output.
 */
export interface Reports {
  error: string;
  otherText: string;
  ghostLocks: number;
}

export function followReports(
  stderr: Readable,
  onMapped: () => void,
  onTaking: (done: number, total: number) => void,
): Reports {
  const reports: Reports = { error: '', otherText: '', ghostLocks: 0 };
  let rest = '';
  stderr.setEncoding('latin1');
  stderr.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-MAX_TEXT_LENGTH);
    for (const line of lines) {
      const [, word, argument = ''] = /^afterimage (\S+) ?(.*)$/.exec(line) ?? [];
      if (word === 'mapped') onMapped();
      else if (word === 'error') reports.error = argument.trim();
      else if (word === 'ghost-lock') reports.ghostLocks++;
      else if (word === 'taking') {
        const [done = 0, total = 0] = argument.split(' ').map(Number);
        onTaking(done, total);
      } else if (word === undefined)
        reports.otherText = (reports.otherText + line + '\n').slice(-MAX_TEXT_LENGTH);
    }
  });
  return reports;
}

function cpuTicks(pid: number): number {
  return readStatSync(pid)?.cpuTicks ?? -1;
}

/**
 * Calls `onStall` when the process has made no progress for `stallMs` milliseconds: no byte in or out, no CPU
 * time.
 */
export function watchForStall(
  pid: number,
  moved: () => number,
  stallMs: number,
  onStall: () => void,
): () => void {
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
