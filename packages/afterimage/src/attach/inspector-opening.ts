/**
 * Makes a target open its inspector by SIGUSR1 and finds its address; or finds an inspector that is already
 * open, without a signal.
 */
import { isShortage } from '@afterimage/host/errors';
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../cli/command-error.js';
import { hasFlag, type CommandLine } from '../processes/command-line.js';
import { inspectorPort } from '../processes/inspector-port.js';
import {
  listeningSockets,
  ownListeningSockets,
  type ListeningSocket,
} from '../processes/listening-sockets.js';
import { portObstacle } from '../processes/obstacles.js';
import { waitsForEvents } from '../processes/event-loop.js';
import { readStatus, SIGUSR1_BIT } from '@afterimage/host/process-status';
import { signalsTaken } from '../processes/signal-thread.js';
import { watchedBy } from './left-open.js';

export interface OpenInspector {
  url: string;
  socket: ListeningSocket;
  /** Whether this opened it, so that it must be closed again. */
  opened: boolean;
}

/** How long Node.js may take to handle the signal, regardless of what the main thread does. */
const TAKEN_MS = 2_000;
/** After this, waiting for the main thread is reported. */
const NOTICE_MS = 2_000;
/** After this, search for an inspector that was already open at an unknown port. */
const OTHER_PORTS_MS = 500;
const POLL_MS = 5;
const PROBE_MS = 1_000;
const MAX_LIST = 100_000;

export interface Opening {
  pid: number;
  commandLine: CommandLine | null;
  signal: AbortSignal;
  /**
   * How long the main thread may take to open a port, in milliseconds: JavaScript is interrupted for it,
   * native code is not.
   */
  waitMs: number;
  /** The process that closes the inspector if it opens later. */
  watchdog: number | null;
  /** Called once if the main thread must be waited for. */
  onWait?: (() => void) | undefined;
  /** Called right before the signal is sent. */
  onSignal: () => Promise<void>;
}

/**
 * Opens or finds the inspector.
 * @throws {CommandError} `refused` or `failed` if no inspector opens, `inspectorOpen` if it may still open,
 * `targetGone`; or the signal's reason
 */
export async function openInspector({
  pid,
  commandLine,
  signal,
  waitMs,
  watchdog,
  onWait,
  onSignal,
}: Opening): Promise<OpenInspector> {
  const before = await sockets(pid);
  const open = await inspectorAmong(likely(before, commandLine));
  if (open !== null) return { ...open, opened: false };

  const obstacle = await portObstacle(pid, commandLine);
  if (obstacle !== null) throw new CommandError('refused', `${obstacle.message} (nothing was sent to it)`);
  const known = new Set((await listeningSockets(pid)).map(({ inode }) => inode));
  await onSignal();
  const taken = await signalsTaken(pid);
  signal.throwIfAborted();
  await send(pid);
  const started = performance.now();
  const hasPassed = (ms: number): boolean => performance.now() - started > ms;
  let isNoticed = false;
  let others: ListeningSocket[] = before.filter(({ host }) => host === '127.0.0.1' || host === '::1');
  for (;;) {
    signal.throwIfAborted();
    // Look up their owner only if there are any, because that is slow in a server with many connections.
    const fresh = (await unlessShort(listeningSockets(pid))).filter(({ inode }) => !known.has(inode));
    const own = fresh.length === 0 ? [] : await unlessShort(sockets(pid));
    const opened = await inspectorAmong(own.filter(({ inode }) => !known.has(inode)));
    if (opened !== null) return { ...opened, opened: true };
    if (hasPassed(OTHER_PORTS_MS)) {
      const other = await inspectorAmong(others);
      if (other !== null) return { ...other, opened: false };
      others = [];
    }
    if (hasPassed(TAKEN_MS) && taken !== null && (await signalsTaken(pid).catch(() => null)) === taken) {
      throw new CommandError(
        'refused',
        `process ${pid} handles SIGUSR1 itself, so it opens no inspector (its handler has run); start it with the agent, ` +
          'node --import @afterimage/agent/register',
      );
    }
    if (hasPassed(NOTICE_MS) && !isNoticed) {
      isNoticed = true;
      onWait?.();
    }
    if (hasPassed(waitMs)) throw await notOpened(pid, commandLine, waitMs, watchdog);
    await pause(POLL_MS);
  }
}

/** Returns the reason why no inspector has opened in time. */
async function notOpened(
  pid: number,
  commandLine: CommandLine | null,
  waitMs: number,
  watchdog: number | null,
): Promise<CommandError> {
  const sent = `process ${pid} was sent SIGUSR1 and opened no inspector within ${waitMs / 1000} s`;
  if (await waitsForEvents(pid).catch(() => false)) {
    const why = `although its main thread is free: its standard error says why not`;
    return new CommandError('failed', `${sent}, ${why}`);
  }
  const { host, port } = inspectorPort(commandLine);
  return new CommandError(
    'inspectorOpen',
    `${sent}: its main thread is in native code; it will open one at ${host}:${port} when that returns, which is closed at ` +
      `once${watchedBy(watchdog)}. Try again then, or wait longer, --wait SECONDS`,
  );
}

/** If this process has too little left to look, nothing is seen yet: the inspector may open, and must be closed then. */
async function unlessShort(seen: Promise<ListeningSocket[]>): Promise<ListeningSocket[]> {
  return seen.catch((error: unknown) => {
    if (isShortage(error)) return [];
    throw error;
  });
}

/** Throws `targetGone` if the process has ended. */
async function sockets(pid: number): Promise<ListeningSocket[]> {
  try {
    return await ownListeningSockets(pid);
  } catch (error) {
    if (isShortage(error)) throw error;
    throw new CommandError('targetGone', `process ${pid} has ended`, { cause: error });
  }
}

/** Sends the signal after another check: the process may have become another program. */
async function send(pid: number): Promise<void> {
  const status = await readStatus(pid);
  if (status !== null && /^[Tt]/.test(status.state))
    throw new CommandError(
      'refused',
      `process ${pid} is stopped (state ${status.state}), so it answers nothing: let it continue first, kill -CONT ${pid} ` +
        '(nothing was sent to it)',
    );
  if (status !== null && (status.caughtSignals & SIGUSR1_BIT) === 0n)
    throw new CommandError(
      'refused',
      `process ${pid} does not wait for SIGUSR1 any more, which would end it (nothing was sent to it)`,
    );
  try {
    process.kill(pid, 'SIGUSR1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') throw new CommandError('targetGone', `process ${pid} has ended`, { cause: error });
    const why = `process ${pid} cannot be sent a signal (${code ?? 'unknown'}): run this as its user or as root`;
    throw new CommandError('refused', why, { cause: error });
  }
}

/** Selects likely ports: asking every port would put lines into the access logs of servers. */
function likely(found: ListeningSocket[], commandLine: CommandLine | null): ListeningSocket[] {
  const { port } = inspectorPort(commandLine);
  const isDebugged =
    commandLine !== null && hasFlag(commandLine, '--inspect', '--inspect-brk', '--inspect-wait');
  return found.filter((socket) => socket.port === port || (isDebugged && port === 0));
}

/** Returns the first that is a Node.js inspector; null if none is. */
export async function inspectorAmong(
  candidates: readonly ListeningSocket[],
): Promise<Pick<OpenInspector, 'url' | 'socket'> | null> {
  for (const socket of candidates) {
    const url = await inspectorAt(socket);
    if (url !== null) return { url, socket };
  }
  return null;
}

/** Returns the address of its one debugging target; null if it is not a Node.js inspector. */
async function inspectorAt({ host, port }: ListeningSocket): Promise<string | null> {
  try {
    const [target] = JSON.parse(await listAt(host, port)) as {
      type?: string;
      webSocketDebuggerUrl?: string;
    }[];
    if (target.type !== 'node' || target.webSocketDebuggerUrl === undefined) return null;
    // It may report another address than the one that worked.
    const { pathname } = new URL(target.webSocketDebuggerUrl);
    return `ws://${host.includes(':') ? `[${host}]` : host}:${port}${pathname}`;
  } catch {
    return null;
  }
}

function listAt(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({
      host,
      port,
      path: '/json/list',
      headers: { Host: 'localhost' },
      agent: false,
      timeout: PROBE_MS,
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_LIST) request.destroy(new Error('too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
  });
}
