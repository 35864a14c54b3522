/**
 * Has a target open its inspector, by the signal that Node.js waits for, and finds where; or finds the one that is
 * open already, without a signal.
 */
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
  /** It was not open before, and is to be closed again. */
  opened: boolean;
}

/** For Node.js to take the signal; what the target's main thread does has no part in it. */
const TAKEN_MS = 2_000;
/** Then it is worth a word that the main thread is waited for. */
const NOTICE_MS = 2_000;
/** Then an inspector that was open before, at a port that nothing told of, is looked for. */
const OTHER_PORTS_MS = 500;
const POLL_MS = 5;
const PROBE_MS = 1_000;
const MAX_LIST = 100_000;

export interface Opening {
  pid: number;
  commandLine: CommandLine | null;
  signal: AbortSignal;
  /** For the main thread to open a port, in milliseconds: JavaScript is interrupted for it, native code is not. */
  waitMs: number;
  /** The process that closes the inspector should it open later. */
  watchdog: number | null;
  /** Called once when the main thread has to be waited for. */
  onWait?: (() => void) | undefined;
  /** Called right before the signal is sent. */
  onSignal: () => Promise<void>;
}

/**
 * @throws {CommandError} `refused` or `failed` when no inspector opens, `inspectorOpen` when it may open yet,
 *   `targetGone`; or the signal's reason
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
    // Whose they are is asked only when there are any: that takes long in a server with many connections.
    const fresh = (await listeningSockets(pid)).filter(({ inode }) => !known.has(inode));
    const own = fresh.length === 0 ? [] : await sockets(pid);
    const opened = await inspectorAmong(own.filter(({ inode }) => !known.has(inode)));
    if (opened !== null) return { ...opened, opened: true };
    if (hasPassed(OTHER_PORTS_MS)) {
      const other = await inspectorAmong(others);
      if (other !== null) return { ...other, opened: false };
      others = [];
    }
    if (hasPassed(TAKEN_MS) && taken !== null && (await signalsTaken(pid)) === taken) {
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

/** Why no inspector has opened in time. */
async function notOpened(
  pid: number,
  commandLine: CommandLine | null,
  waitMs: number,
  watchdog: number | null,
): Promise<CommandError> {
  const sent = `process ${pid} was sent SIGUSR1 and opened no inspector within ${waitMs / 1000} s`;
  if (await waitsForEvents(pid)) {
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

/** Gone where it is. */
async function sockets(pid: number): Promise<ListeningSocket[]> {
  try {
    return await ownListeningSockets(pid);
  } catch (error) {
    throw new CommandError('targetGone', `process ${pid} has ended`, { cause: error });
  }
}

/** What was found out about it before may be over: it may have become another program. */
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

/** Asking any port would put lines into the access logs of servers. */
function likely(found: ListeningSocket[], commandLine: CommandLine | null): ListeningSocket[] {
  const { port } = inspectorPort(commandLine);
  const isDebugged =
    commandLine !== null && hasFlag(commandLine, '--inspect', '--inspect-brk', '--inspect-wait');
  return found.filter((socket) => socket.port === port || (isDebugged && port === 0));
}

/** The first of them that is an inspector of Node's; null when none is. */
export async function inspectorAmong(
  candidates: readonly ListeningSocket[],
): Promise<Pick<OpenInspector, 'url' | 'socket'> | null> {
  for (const socket of candidates) {
    const url = await inspectorAt(socket);
    if (url !== null) return { url, socket };
  }
  return null;
}

/** The address of its one debugging target; null when it is no inspector of Node's. */
async function inspectorAt({ host, port }: ListeningSocket): Promise<string | null> {
  try {
    const [target] = JSON.parse(await listAt(host, port)) as {
      type?: string;
      webSocketDebuggerUrl?: string;
    }[];
    if (target.type !== 'node' || target.webSocketDebuggerUrl === undefined) return null;
    // It may tell another address than the one it was reached at.
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
