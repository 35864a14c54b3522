/**
 * Lists the Node.js processes of this machine that are visible in /proc, except those that belong to a
 * capture.
 */
import { orElse } from '@afterimage/host/errors';
import { readCgroupHeadroom, type Headroom } from '@afterimage/host/headroom';
import { countIsolates } from '@afterimage/v8-heap/process-isolates';
import { readdir, readFile } from 'node:fs/promises';
import { CommandError } from '../cli/command-error.js';
import { readAgentBoard, type AgentBoard, type Unreadable } from './agent-board.js';
import { commandOf, heapLimitOf, readCommandLine, type CommandLine } from './command-line.js';
import { applicationOf, type Application } from './application.js';
import { containerOf, type Container } from './container.js';
import { listeningSockets, type ListeningSocket } from './listening-sockets.js';
import { servesCapture } from './node-processes.js';
import { looksLikeNode, nodeVersionOf } from './node-version.js';
import { obstacleTo, obstacleToAgent, type Candidate } from './obstacles.js';
import type { Obstacle } from './obstacle.js';
import { readStatus, startedAt } from '@afterimage/host/process-status';
import { readResourceLimits } from '@afterimage/host/resource-limits';
import { readUserNames } from './user-names.js';

/** A process. Sizes in bytes, times in milliseconds. Unreadable values are null. */
export interface ListedProcess {
  pid: number;
  uid: number;
  user: string | null;
  nodeVersion: string | null;
  uptimeMs: number | null;
  /** The script and its arguments, or their substitute. */
  command: string[];
  application: Application;
  /** Number of open descriptors, and their limit. */
  descriptors: { used: number; limit: number } | null;
  rssBytes: number;
  heap: { usedBytes: number | null; totalBytes: number | null; limitBytes: number | null };
  /** Number of V8 heaps: one, plus one for each worker thread. */
  heaps: number | null;
  /** Of its memory cgroup, or the ancestor with the least memory left; null if none has a limit. */
  memory: { usedBytes: number; limitBytes: number } | null;
  container: Container | null;
  /** Null if there is no agent, or its board cannot be read. */
  agent: Pick<AgentBoard, 'version' | 'signal' | 'gate' | 'state' | 'path' | 'otherListeners'> | null;
  capture: Capturability;
}

/** How `afterimage capture` would capture it. */
export interface Capturability {
  by: 'agent' | 'inspector' | null;
  obstacle: Obstacle | null;
}

/**
 * Lists the processes, the one with the most resident memory first.
 * @throws {CommandError} `refused` if there is no /proc
 */
export async function listProcesses(): Promise<ListedProcess[]> {
  if (process.platform !== 'linux')
    throw new CommandError('refused', `processes are listed on Linux, this is ${process.platform}`);
  const [entries, users] = await Promise.all([readdir('/proc'), readUserNames()]);
  const machine = { users, listening: listeningSockets(process.pid), cgroups: new Map() };
  const pids = entries.filter((name) => /^\d+$/.test(name) && name !== String(process.pid)).map(Number);
  const found = await Promise.all(pids.map((pid) => listed(pid, machine)));
  return found.filter((each) => each !== null).sort((one, other) => other.rssBytes - one.rssBytes);
}

/** What many processes share, and is read once. */
interface Machine {
  users: Map<number, string>;
  /** Sockets of this network namespace; those of other namespaces are not read. */
  listening: Promise<ListeningSocket[]>;
  /** By the content of /proc/PID/cgroup. */
  cgroups: Map<string, Promise<Headroom | null>>;
}

/** Returns null for a process that is not Node.js, or has ended meanwhile. */
async function listed(pid: number, machine: Machine): Promise<ListedProcess | null> {
  if (!(await looksLikeNode(pid))) return null;
  const [status, commandLine] = await Promise.all([readStatus(pid), readCommandLine(pid)]);
  // Node.js has several threads; this is a fork that is about to become another program, or an image child.
  if (status === null || status.threads < 2 || (await servesCapture(pid, commandLine))) return null;
  const nodeVersion = await nodeVersionOf(pid);
  const candidate = { status, commandLine, nodeVersion };
  const board = await readAgentBoard(pid);
  const obstacle = await obstacleOf(candidate, board, machine).catch(orElse(null));
  if (nodeVersion === null && obstacle?.code !== 'other-user') return null;
  const [started, cgroup, container, application, descriptors] = await Promise.all([
    startedAt(pid),
    cgroupOf(pid, machine),
    containerOf(pid),
    applicationOf(pid, commandLine),
    descriptorsOf(pid),
  ]);
  if (started === null) return null;
  return {
    pid,
    uid: status.uid,
    user: machine.users.get(status.uid) ?? null,
    nodeVersion,
    uptimeMs: Date.now() - started,
    command: commandLine === null ? [] : commandOf(commandLine),
    application,
    descriptors,
    rssBytes: status.rss,
    heap: heapOf(commandLine, board),
    heaps: countIsolates(pid),
    memory: cgroup === null ? null : { usedBytes: cgroup.used, limitBytes: cgroup.limit },
    container,
    agent: agentOf(board),
    capture: { by: obstacle !== null ? null : board === null ? 'inspector' : 'agent', obstacle },
  };
}

function obstacleOf(
  candidate: Candidate,
  board: AgentBoard | Unreadable | null,
  { listening }: Machine,
): Promise<Obstacle | null> {
  return board === null ? obstacleTo(candidate, () => listening) : obstacleToAgent(candidate.status, board);
}

function agentOf(board: AgentBoard | Unreadable | null): ListedProcess['agent'] {
  if (board === null || board === 'unreadable') return null;
  const { version, signal, gate, state, path, otherListeners } = board;
  return { version, signal, gate, state, path, otherListeners };
}

function heapOf(
  commandLine: CommandLine | null,
  board: AgentBoard | Unreadable | null,
): ListedProcess['heap'] {
  if (board !== null && board !== 'unreadable') return board.heap;
  const limitBytes = commandLine === null ? null : heapLimitOf(commandLine);
  return { usedBytes: null, totalBytes: null, limitBytes };
}

async function cgroupOf(pid: number, { cgroups }: Machine): Promise<Headroom | null> {
  const membership = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(orElse(''));
  const headroom = cgroups.get(membership) ?? readCgroupHeadroom('/', pid);
  cgroups.set(membership, headroom);
  return headroom;
}

async function descriptorsOf(pid: number): Promise<ListedProcess['descriptors']> {
  const [open, limits] = await Promise.all([
    readdir(`/proc/${pid}/fd`).catch(orElse(null)),
    readResourceLimits(pid),
  ]);
  return open === null || limits.descriptors === Infinity
    ? null
    : { used: open.length, limit: limits.descriptors };
}
