/**
 * The collector as the agent sees it: started before the fork, spoken to line by line, stopped and waited for.
 * None of it keeps the server's event loop alive, and a server that ends closes the control pipe with it,
 * which is all the collector needs to clean up.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CollectorJob, FromCollector, ReportOf, ToCollector } from './collector-protocol.js';
import { deferred, type Deferred } from './deferred.js';
import { CaptureError, codeOf, messageOf } from './errors.js';

export const COLLECTOR_SCRIPT = fileURLToPath(new URL('./collector.js', import.meta.url));

/**
 * A small young generation, and the means to sweep the chunks that have passed through (image-source.ts): 12 to
 * 19 MB of memory of its own in place of 40 to 75.
 */
const FLAGS = ['--max-semi-space-size=1', '--expose-gc'];

/** Nothing of the application's is loaded into the collector: no NODE_OPTIONS, no hook, no inspector, no coverage. */
const INHERITED = ['LD_LIBRARY_PATH', 'TMPDIR', 'TZ', 'SystemRoot'];

const STOP_MS = 2_000;
const LONGEST_TEXT = 2_000;

export interface Collector {
  pid: number;
  /** How long starting it held up the event loop, in milliseconds. */
  startMs: number;
  ready: Promise<ReportOf<'ready'>>;
  image: Promise<ReportOf<'image'>>;
  written: Promise<ReportOf<'written'>>;
  send(message: ToCollector): void;
  /** Ends it, gently at first, and waits for it. Never rejects. */
  stop(): Promise<void>;
}

/** The collector failed in a way that another image may not. */
export class TryAgainError extends Error {
  constructor(readonly failure: CaptureError) {
    super(failure.message);
  }
}

/**
 * @param input the read end of the image's pipe; the caller closes its own copy afterwards
 * @throws {CaptureError} `collector-failed`; `ready`, `image` and `written` reject with one (or with a
 *   {@link TryAgainError}) when the collector fails later
 */
export function startCollector(input: number, job: CollectorJob): Collector {
  const started = performance.now();
  const child = spawnCollector(input);
  const startMs = performance.now() - started;
  const [, stdout, stderr, control] = child.stdio as unknown as [null, Socket, Socket, Socket];
  const reports = {
    ready: deferred<ReportOf<'ready'>>(),
    image: deferred<ReportOf<'image'>>(),
    written: deferred<ReportOf<'written'>>(),
  };
  const closed = deferred<undefined>();
  let text = '';

  const fail = (error: Error): void => {
    for (const report of Object.values(reports) as Deferred<unknown>[]) report.reject(error);
  };
  createInterface({ input: stdout }).on('line', (line) => {
    const report = JSON.parse(line) as FromCollector;
    if (report.type === 'failed') fail(failureOf(report));
    else (reports[report.type] as Deferred<unknown>).resolve(report);
  });
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < LONGEST_TEXT) text += chunk;
  });
  child.on('error', (error) => {
    fail(spawnFailure(error));
    closed.resolve(undefined);
  });
  child.on('exit', (code, signal) => {
    // A process that inherited its standard output cannot hold us up.
    const timer = setTimeout(() => [stdout, stderr].forEach((stream) => stream.destroy()), STOP_MS).unref();
    child.once('close', () => {
      clearTimeout(timer);
      fail(endFailure(code, signal, text));
      closed.resolve(undefined);
    });
  });
  // Writing to a collector that is gone: its exit says so.
  control.on('error', () => undefined);

  for (const part of [child, stdout, stderr, control]) part.unref();
  const send = (message: ToCollector): void => {
    control.write(`${JSON.stringify(message)}\n`);
  };
  send(job);
  return {
    pid: child.pid ?? -1,
    startMs,
    ready: reports.ready.promise,
    image: reports.image.promise,
    written: reports.written.promise,
    send,
    stop: async () => {
      control.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS).unref();
      await closed.promise;
      clearTimeout(timer);
      control.destroy();
    },
  };
}

function spawnCollector(input: number): ChildProcess {
  if (!existsSync(COLLECTOR_SCRIPT)) {
    throw new CaptureError(
      'collector-failed',
      `${COLLECTOR_SCRIPT} is missing; if the server is bundled, leave @afterimage/agent out of the bundle`,
    );
  }
  const inherited = INHERITED.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  const environment = Object.fromEntries(inherited) as NodeJS.ProcessEnv;
  try {
    return spawn(process.execPath, [...FLAGS, COLLECTOR_SCRIPT], {
      argv0: 'afterimage-collector',
      cwd: '/',
      env: { ...environment, MALLOC_ARENA_MAX: '1' },
      stdio: [input, 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw spawnFailure(error);
  }
}

function spawnFailure(error: unknown): CaptureError {
  const how =
    codeOf(error) === 'ERR_ACCESS_DENIED'
      ? "the permission model forbids it: add --allow-child-process to the server's flags"
      : messageOf(error);
  return new CaptureError('collector-failed', `the collector could not be started: ${how}`, { cause: error });
}

function failureOf(report: ReportOf<'failed'>): Error {
  const failure = new CaptureError(report.code, report.message, { detail: report.detail });
  return report.again ? new TryAgainError(failure) : failure;
}

function endFailure(code: number | null, signal: NodeJS.Signals | null, text: string): CaptureError {
  const how = signal === null ? `ended with exit code ${String(code)}` : `was killed by ${signal}`;
  // Of what Node.js prints about an uncaught error, the line that names it.
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0];
  const why = said === undefined ? '' : `: ${said.trim()}`;
  return new CaptureError('collector-failed', `the collector ${how}${why}; nothing was written`);
}
