/**
 * Has a target open its inspector, by the signal that Node.js waits for, and finds where; or finds the one that is
 * open already, without a signal.
 */
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../command-error.js';
import { hasFlag, type CommandLine } from '../target/command-line.js';
import { inspectorPort } from '../target/inspector-port.js';
import { ownListeningSockets, type ListeningSocket } from '../target/listening-sockets.js';

export interface OpenInspector {
  url: string;
  socket: ListeningSocket;
  /** It was not open before, and is to be closed again. */
  opened: boolean;
}

/** For a port to appear; what the target's main thread does has no part in it. */
const OPEN_MS = 5_000;
/** Then an inspector that was open before, at a port that nothing told of, is looked for. */
const OTHER_PORTS_MS = 500;
const POLL_MS = 5;
const PROBE_MS = 1_000;
const LONGEST_LIST = 100_000;

/**
 * @param onSignal called right before the signal is sent, with the sockets there are: those of no inspector
 * @throws {CommandError} `refused` when no inspector opens, `targetGone`
 */
export async function openInspector(
  pid: number,
  commandLine: CommandLine | null,
  signal: AbortSignal,
  onSignal: (before: ListeningSocket[]) => Promise<void>,
): Promise<OpenInspector> {
  const before = await sockets(pid);
  const open = await inspectorAmong(likely(before, commandLine));
  if (open !== null) return { ...open, opened: false };

  signal.throwIfAborted();
  await onSignal(before);
  send(pid);
  const known = new Set(before.map(({ inode }) => inode));
  const started = performance.now();
  let others: ListeningSocket[] = before.filter(({ host }) => host === '127.0.0.1' || host === '::1');
  while (performance.now() - started < OPEN_MS) {
    const fresh = (await sockets(pid)).filter(({ inode }) => !known.has(inode));
    const opened = await inspectorAmong(fresh);
    if (opened !== null) return { ...opened, opened: true };
    if (performance.now() - started > OTHER_PORTS_MS) {
      const other = await inspectorAmong(others);
      if (other !== null) return { ...other, opened: false };
      others = [];
    }
    await pause(POLL_MS);
  }
  throw new CommandError(
    'refused',
    `process ${pid} was sent SIGUSR1 and opened no inspector within ${OPEN_MS / 1000} s: it handles SIGUSR1 itself, or its ` +
      'standard error says why not; start it with the agent, node --import @afterimage/agent/register',
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

function send(pid: number): void {
  try {
    process.kill(pid, 'SIGUSR1');
  } catch (error) {
    throw new CommandError('targetGone', `process ${pid} has ended`, { cause: error });
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
        if (text.length > LONGEST_LIST) request.destroy(new Error('too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
  });
}
