/**
 * The collector as the agent sees it: the agent starts it before the fork, sends and receives lines, stops it
 * and waits for it. None of this keeps the server's event loop alive. If the server ends, the socket closes,
 * and the collector cleans up by itself. Until its program is loaded, the kernel ends it together with the
 * server (bound_spawn.h).
 */
import { closeSync, existsSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CollectorJob, FromCollector, ReportOf, ToCollector } from './collector-protocol.js';
import { deferred, type Deferred } from '@afterimage/host/deferred';
import { messageOf } from '@afterimage/host/errors';
import { CaptureError } from './errors.js';
import type { Addon } from '@afterimage/image/native-part';

export const COLLECTOR_SCRIPT = fileURLToPath(new URL('./collector.js', import.meta.url));

/**
 * A small young generation, and a way to collect used chunks (swept-chunks.ts in @afterimage/image): 12 to 19
 * MB of own memory instead of 40 to 75.
 */
const FLAGS = ['--max-semi-space-size=1', '--expose-gc'];

/** The collector loads nothing of the application: no NODE_OPTIONS, no hook, no inspector, no coverage. */
const INHERITED = ['LD_LIBRARY_PATH', 'TMPDIR', 'TZ', 'SystemRoot'];

const STOP_MS = 2_000;
const REAP_MS = 5;
const MAX_TEXT_BYTES = 2_000;
const MAX_LINE_CHARS = 1 << 20;

export interface Collector {
  pid: number;
  /** How long starting it blocked the event loop, in milliseconds. */
  startMs: number;
  ready: Promise<ReportOf<'ready'>>;
  image: Promise<ReportOf<'image'>>;
  written: Promise<ReportOf<'written'>>;
  send(message: ToCollector): void;
  /** Ends it, by SIGTERM first, and waits until it has ended. Never rejects. */
  stop(): Promise<void>;
}

/** The collector failed, but another image may succeed. */
export class TryAgainError extends Error {
  constructor(readonly failure: CaptureError) {
    super(failure.message);
  }
}

/**
 * Starts the collector.
 * @param input the read end of the image's pipe; the caller closes its own copy afterwards
 * @throws {CaptureError} `collector-failed`, with nothing left behind. If the collector fails later, `ready`,
 * `image` and `written` reject with a CaptureError or a {@link TryAgainError}.
 */
export function startCollector(addon: Addon, input: number, job: CollectorJob): Collector {
  const started = performance.now();
  const { pid, socket, text } = spawnCollector(addon, input);
  const startMs = performance.now() - started;
  const reports = {
    ready: deferred<ReportOf<'ready'>>(),
    image: deferred<ReportOf<'image'>>(),
    written: deferred<ReportOf<'written'>>(),
  };
  const ended = deferred<undefined>();
  let running = true;

  const fail = (error: Error): void => {
    for (const report of Object.values(reports) as Deferred<unknown>[]) report.reject(error);
  };
  const kill = (): void => {
    try {
      if (running) process.kill(pid, 'SIGKILL');
    } catch {
      // Other code has already reaped it.
    }
  };
  const onLine = (line: string): void => {
    const report = parseReport(line);
    if (report === null)
      fail(new CaptureError('collector-failed', `the collector said ${line.slice(0, 80)}`));
    else if (report.type === 'failed') fail(failureOf(report));
    else (reports[report.type] as Deferred<unknown>).resolve(report);
  };
  const reap = (): void => {
    const end = addon.reap(pid);
    if (end === null) {
      setTimeout(reap, REAP_MS).unref();
      return;
    }
    running = false;
    fail(endFailure(end, beginningOf(text)));
    closeSync(text);
    ended.resolve(undefined);
  };
  // The socket closes when the collector has ended or is about to.
  socket.on('close', reap);
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  onEachLine(socket, onLine);
  socket.unref();
  const send = (message: ToCollector): void => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  send(job);
  return {
    pid,
    startMs,
    ready: reports.ready.promise,
    image: reports.image.promise,
    written: reports.written.promise,
    send,
    stop: async () => {
      socket.end();
      const timer = setTimeout(() => {
        kill();
        socket.destroy();
      }, STOP_MS).unref();
      await ended.promise;
      clearTimeout(timer);
    },
  };
}

/** Creates everything or nothing: if a later step fails, what was opened is closed. */
function spawnCollector(addon: Addon, input: number): { pid: number; socket: Socket; text: number } {
  if (!existsSync(COLLECTOR_SCRIPT)) {
    throw new CaptureError(
      'collector-failed',
      `${COLLECTOR_SCRIPT} is missing; if the server is bundled, leave @afterimage/agent out of the bundle`,
    );
  }
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const environment = [...inherited, 'MALLOC_ARENA_MAX=1'];
  const open: number[] = [];
  try {
    const [own, theirs] = addon.socketPair();
    open.push(own, theirs);
    // Receives Node.js's error output. A file in memory, because it need not be read meanwhile.
    const text = addon.memory('afterimage-collector');
    open.push(text);
    const socket = new Socket({ fd: own, readable: true, writable: true, allowHalfOpen: true });
    open.splice(0, 1);
    socket.on('error', () => undefined);
    try {
      const command = ['afterimage-collector', ...FLAGS, COLLECTOR_SCRIPT];
      const pid = addon.spawn(process.execPath, command, environment, [input, theirs, text, theirs]);
      closeSync(theirs);
      return { pid, socket, text };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  } catch (error) {
    for (const descriptor of open) closeSync(descriptor);
    const message = `the collector could not be started: ${messageOf(error)}`;
    throw new CaptureError('collector-failed', message, { cause: error });
  }
}

/**
 * Calls back for each line. Not node:readline: it re-emits its input's error as one of its own, which has no
 * listener.
 */
function onEachLine(socket: Socket, onLine: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(-MAX_LINE_CHARS);
    for (const line of lines) onLine(line);
  });
}

function parseReport(line: string): FromCollector | null {
  try {
    const report = JSON.parse(line) as Partial<FromCollector> | null;
    const known = ['ready', 'image', 'written', 'failed'].includes(report?.type ?? '');
    return known ? (report as FromCollector) : null;
  } catch {
    return null;
  }
}

function failureOf(report: ReportOf<'failed'>): Error {
  const failure = new CaptureError(report.code, report.message, { detail: report.detail });
  return report.again ? new TryAgainError(failure) : failure;
}

function beginningOf(text: number): string {
  try {
    const into = Buffer.alloc(MAX_TEXT_BYTES);
    return into.toString('utf8', 0, readSync(text, into, 0, into.length, 0));
  } catch {
    return '';
  }
}

function endFailure([code, signal]: [number | null, number | null], text: string): CaptureError {
  const how =
    signal !== null
      ? `was killed by ${signalName(signal)}`
      : code !== null
        ? `ended with exit code ${code}`
        : 'was reaped by other code in this process';
  // Of Node.js's text about an uncaught error, the line with its name.
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => !/^[#\s]*$/.test(line));
  const why = said === undefined ? '' : `: ${said.trim()}`;
  return new CaptureError('collector-failed', `the collector ${how}${why}; nothing was written`);
}

function signalName(number: number): string {
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name ?? `signal ${number}`;
}
