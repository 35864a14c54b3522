/**
 * Finds why attaching to a process is impossible, as far as that can be known without sending it anything. A
 * signal to a process that does not handle it would end it, so everything is checked first.
 */
import { orElse } from '@afterimage/host/errors';
import { abiOf, supportedMajors } from '@afterimage/image/native-part';
import { readFile, readlink } from 'node:fs/promises';
import { constants } from 'node:os';
import type { AgentBoard, Unreadable } from './agent-board.js';
import { hasFlag, readCommandLine, type CommandLine } from './command-line.js';
import { containerOf } from './container.js';
import { addonObstacle, hasPermissions, signalFlagObstacle } from './flag-obstacles.js';
import { handledSignals } from './handled-signals.js';
import { inspectorPort } from './inspector-port.js';
import { majorOf } from './node-version.js';
import type { Obstacle } from './obstacle.js';
import { holderOf, holdsSocket, listeningSockets, type ListeningSocket } from './listening-sockets.js';
import { namespaceOf, signalBit, SIGUSR1_BIT, type ProcessStatus } from '@afterimage/host/process-status';
import { shortageOf } from './spare-resources.js';

/** What is known about a process. */
export interface Candidate {
  status: ProcessStatus;
  /** Null if it cannot be read. */
  commandLine: CommandLine | null;
  /** Version of Node.js without the `v`; null if it is another program, or unreadable. */
  nodeVersion: string | null;
}

/**
 * Returns the first obstacle, or null.
 * @param listening reads the sockets of the process's network namespace
 * @param needsAddon whether the native part will be loaded into it
 */
export async function obstacleTo(
  candidate: Candidate,
  listening = listeningSockets,
  needsAddon = true,
): Promise<Obstacle | null> {
  const { pid } = candidate.status;
  return (
    stateObstacle(candidate.status) ??
    (await userObstacle(candidate.status)) ??
    versionObstacle(pid, candidate.nodeVersion) ??
    (await networkObstacle(pid)) ??
    (needsAddon ? addonObstacle(pid, candidate.commandLine) : null) ??
    signalFlagObstacle(pid, candidate.commandLine, 'SIGUSR1') ??
    signalObstacle(candidate.status, candidate.commandLine) ??
    (isDebugged(candidate.commandLine) ? null : await handlerObstacle(pid)) ??
    (await shortageOf(candidate.status, needsAddon ? 'capture' : 'questions')) ??
    (await portObstacle(pid, candidate.commandLine, listening))
  );
}

/** Returns the obstacle to a capture by the process's agent, which only needs its signal. */
export async function obstacleToAgent(
  status: ProcessStatus,
  board: AgentBoard | Unreadable,
): Promise<Obstacle | null> {
  const first = stateObstacle(status) ?? (await userObstacle(status)) ?? boardObstacle(status, board);
  if (first !== null || board === 'unreadable') return first;
  return signalFlagObstacle(status.pid, await readCommandLine(status.pid), board.signal);
}

function boardObstacle(
  { pid, caughtSignals }: ProcessStatus,
  board: AgentBoard | Unreadable,
): Obstacle | null {
  if (board === 'unreadable') {
    return {
      code: 'agent-unreadable',
      message:
        `process ${pid} has an agent, but its status cannot be read (another version?): send its signal by hand, ` +
        'or bypass it with --no-agent',
    };
  }
  const { gate, signal, otherListeners, signalHeld } = board;
  if (gate === 'shut') {
    return {
      code: 'gate-shut',
      message: `process ${pid} has an agent whose gate is shut: start the process with ALLOW_HEAP_SNAPSHOT=1`,
    };
  }
  if (otherListeners !== null && otherListeners > 0 && !signalHeld) {
    return {
      code: 'signal-shared',
      message:
        `process ${pid} has an agent, but listens to ${signal} for something else, too, which a capture would set off: start ` +
        'it with another AFTERIMAGE_SIGNAL, or bypass the agent with --no-agent',
    };
  }
  if ((caughtSignals & signalBit(constants.signals[signal])) !== 0n) return null;
  return {
    code: 'signal-not-caught',
    message: `process ${pid} has an agent, but does not wait for ${signal}, which would end it: bypass the agent with --no-agent`,
  };
}

function stateObstacle({ pid, state }: ProcessStatus): Obstacle | null {
  if (state === 'Z')
    return {
      code: 'not-running',
      message: `process ${pid} has ended and only waits for its parent to notice`,
    };
  if (state !== 'T' && state !== 't') return null;
  return {
    code: 'not-running',
    message: `process ${pid} is stopped, so it cannot be captured: let it go on first, kill -CONT ${pid}`,
  };
}

async function userObstacle({ pid, uid }: ProcessStatus): Promise<Obstacle | null> {
  const own = process.geteuid?.() ?? 0;
  const readable = await readlink(`/proc/${pid}/exe`).then(() => true, orElse(false));
  if (readable && (own === 0 || own === uid)) return null;
  if (own !== 0 && own === uid) {
    // The kernel protects it as if it belonged to another user (PR_SET_DUMPABLE in prctl(2)).
    return {
      code: 'other-user',
      message:
        `process ${pid} belongs to user id ${uid}, as this command does, but it changed its user after its start, or its program ` +
        'has capabilities, so only root may look into it: run this with sudo',
    };
  }
  const way = own === 0 ? 'where root may trace it (CAP_SYS_PTRACE)' : 'as that user, or with sudo';
  return {
    code: 'other-user',
    message: `process ${pid} belongs to user id ${uid}, and user id ${own} cannot inspect it: run this ${way}`,
  };
}

function versionObstacle(pid: number, version: string | null): Obstacle | null {
  if (version === null) return { code: 'not-node', message: `process ${pid} does not run Node.js` };
  if (abiOf(majorOf(version)) !== undefined) return null;
  return {
    code: 'unsupported',
    message: `process ${pid} runs Node.js ${version}; there is a native part for Node ${supportedMajors().join(', ')}`,
  };
}

async function networkObstacle(pid: number): Promise<Obstacle | null> {
  const [own, its] = await Promise.all([namespaceOf('self', 'net'), namespaceOf(pid, 'net')]);
  if (own === its) return null;
  const container = await containerOf(pid);
  const where = container === null ? '' : ` (container ${container.id})`;
  const way =
    container?.podUid === undefined || container.podUid === null
      ? 'name the container instead: afterimage capture docker/NAME, podman/NAME or pod/NAME'
      : 'name its pod instead: afterimage capture pod/NAME';
  return {
    code: 'other-network',
    message: `process ${pid} is in another network namespace${where}, where its inspector is unreachable; ${way}`,
  };
}

function signalObstacle(
  { pid, caughtSignals, blockedSignals }: ProcessStatus,
  commandLine: CommandLine | null,
): Obstacle | null {
  if ((caughtSignals & SIGUSR1_BIT) !== 0n) return null;
  if ((blockedSignals & SIGUSR1_BIT) !== 0n && commandLine !== null && hasPermissions(commandLine)) {
    return {
      code: 'signal-blocked',
      message:
        `process ${pid} runs under the permission model, which forbids it its inspector: start it with --allow-inspector ` +
        '(Node.js 24 or newer), or with the agent, node --import @afterimage/agent/register',
    };
  }
  if ((blockedSignals & SIGUSR1_BIT) !== 0n) {
    return {
      code: 'signal-blocked',
      message:
        `process ${pid} was started with --disable-sigusr1, so it does not ` +
        'open its inspector: start it without, or with the agent, node --import @afterimage/agent/register',
    };
  }
  return {
    code: 'signal-not-caught',
    message:
      `process ${pid} does not wait for SIGUSR1, which would end it: it is still starting, or was built without an ` +
      'inspector; try again in a moment, or start it with the agent, node --import @afterimage/agent/register',
  };
}

/**
 * An open inspector makes the signal unnecessary; otherwise this is checked again before the signal is sent.
 */
function isDebugged(commandLine: CommandLine | null): boolean {
  return commandLine !== null && hasFlag(commandLine, '--inspect', '--inspect-brk', '--inspect-wait');
}

/** A handler of the application or of a flag replaces Node's own, which opens the inspector. */
export async function handlerObstacle(pid: number): Promise<Obstacle | null> {
  if (!(await handledSignals(pid))?.has(constants.signals.SIGUSR1)) return null;
  return {
    code: 'signal-taken',
    message:
      `process ${pid} handles SIGUSR1 itself, so it would not open its inspector, but do something of its own: start it ` +
      'with the agent, node --import @afterimage/agent/register',
  };
}

/** Checks the port, because Node.js reports only on its own standard error that its inspector found none. */
export async function portObstacle(
  pid: number,
  commandLine: CommandLine | null,
  listening: (pid: number) => Promise<ListeningSocket[]> = listeningSockets,
): Promise<Obstacle | null> {
  const holder = await portHolder(pid, commandLine, listening);
  if (holder === null) return null;
  const name = holder.pid === null ? null : await nameOf(holder.pid);
  const who =
    holder.pid === null ? 'another process' : `process ${holder.pid}${name === null ? '' : ` (${name})`}`;
  return {
    code: 'port-taken',
    message: `port ${holder.port} is held by ${who}, so process ${pid} could not open its inspector there: end that first (a debugger?)`,
  };
}

/** Returns what holds the inspector's port; null if it is free, or the process itself has it. */
export async function portHolder(
  pid: number,
  commandLine: CommandLine | null,
  listening: (pid: number) => Promise<ListeningSocket[]> = listeningSockets,
): Promise<{ port: number; pid: number | null } | null> {
  const { host, port } = inspectorPort(commandLine);
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const taken = (await listening(pid)).find(
    (socket) => socket.port === port && (socket.host === host || socket.everywhere || isEverywhere),
  );
  if (port === 0 || taken === undefined || (await holdsSocket(pid, taken.inode))) return null;
  return { port, pid: await holderOf(taken.inode) };
}

async function nameOf(pid: number): Promise<string | null> {
  return readFile(`/proc/${pid}/comm`, 'utf8').then(
    (name) => name.trim(),
    () => null,
  );
}
