/** A server under measurement, in its own cgroup: its log lines, its longest pause, its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Cgroup } from './cgroup.js';

export type LogLine = Record<string, unknown> & { event: string };

export interface ServerUnderTest {
  pid: number;
  url: string;
  /** What it said when it was up. */
  listening: LogLine;
  /** The next log line whose event is one of `events`, from the time of this call on. Rejects after `timeoutMs`. */
  logLine(events: string[], timeoutMs: number): Promise<LogLine>;
  /** Milliseconds of the longest time its event loop stood still since the last call. Rejects after `timeoutMs`. */
  longestPauseMs(timeoutMs: number): Promise<number>;
  rssBytes(): number;
  running(): boolean;
  /** Sends SIGTERM and, when that has not helped after a while (at once where `now`), SIGKILL. */
  stop(now?: boolean): Promise<void>;
}

export interface StartOptions {
  /** The server's main module. It prints a JSON line with `event: "listening"` and a `port`. */
  program: string;
  /** Modules to preload: an URL or a bare name. The pause probe is always there. */
  preload: string[];
  env: Record<string, string>;
  cgroup: Cgroup | undefined;
}

const START_MS = 60_000;
const STOP_MS = 10_000;
const ERRORS_KEPT = 20;

/** Joins the control groups first, so that each byte the server ever takes is on its own account. */
const JOIN_AND_RUN = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"';

/** @throws {Error} with the end of its error output, when the server does not start. */
export async function startServer({ program, preload, env, cgroup }: StartOptions): Promise<ServerUnderTest> {
  const modules = [new URL('./pause-probe.js', import.meta.url).href, ...preload];
  const node = [process.execPath, ...modules.flatMap((module) => ['--import', module]), program];
  const child = spawn('/bin/sh', ['-c', JOIN_AND_RUN, 'sh', ...(cgroup?.memberFiles ?? []), '--', ...node], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const pid = child.pid;
  const { stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) throw new Error(`cannot start ${program}`);
  const log = followLog(child, [stdout, stderr]);
  const listening = await log.next(['listening'], START_MS).catch(async (error: unknown) => {
    await stop(child);
    throw error;
  });
  return {
    pid,
    url: `http://127.0.0.1:${Number(listening['port'])}`,
    listening,
    logLine: (events, timeoutMs) => log.next(events, timeoutMs),
    longestPauseMs: (timeoutMs) => askLongestPause(child, timeoutMs),
    rssBytes: () =>
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    running: () => isRunning(child),
    stop: (now) => stop(child, now),
  };
}

interface Log {
  next(events: string[], timeoutMs: number): Promise<LogLine>;
}

function followLog(child: ChildProcess, streams: Readable[]): Log {
  const listeners = new Set<(line: LogLine) => void>();
  const unstructured: string[] = [];
  for (const input of streams) {
    createInterface({ input }).on('line', (text) => {
      const line = parseLogLine(text);
      if (line) for (const listener of listeners) listener(line);
      else if (unstructured.push(text) > ERRORS_KEPT) unstructured.shift();
    });
  }
  const ended = once(child, 'close');
  return {
    next: (events, timeoutMs) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void): void => {
          clearTimeout(timer);
          listeners.delete(listener);
          act();
        };
        const listener = (line: LogLine): void => {
          if (events.includes(line.event)) settle(() => resolve(line));
        };
        const fail = (what: string): void =>
          settle(() =>
            reject(new Error([`${what}, waiting for ${events.join(' or ')}`, ...unstructured].join('\n'))),
          );
        const timer = setTimeout(() => fail(`nothing in ${timeoutMs / 1000} s`), timeoutMs);
        listeners.add(listener);
        void ended.then(() =>
          fail(`the server ended (${child.signalCode ?? `code ${child.exitCode ?? '?'}`})`),
        );
      }),
  };
}

function parseLogLine(text: string): LogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const line = JSON.parse(text) as Partial<LogLine>;
    return typeof line.event === 'string' ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

async function askLongestPause(child: ChildProcess, timeoutMs: number): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = once(child, 'message', { signal }) as Promise<[{ longestPauseMs: number }]>;
  child.send('longest pause', () => undefined);
  const [{ longestPauseMs }] = await answer;
  return longestPauseMs;
}

async function stop(child: ChildProcess, now = false): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, 'exit');
  child.kill(now ? 'SIGKILL' : 'SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
