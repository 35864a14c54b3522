/** Collects everything about a process that must be known before anything is done to it. */
import { CommandError } from '../cli/command-error.js';
import { readCommandLine } from './command-line.js';
import { listeningSockets } from './listening-sockets.js';
import { nodeVersionOf } from './node-version.js';
import { handlerObstacle, obstacleTo, type Candidate } from './obstacles.js';
import type { Obstacle } from './obstacle.js';
import {
  readStatus,
  SIGUSR1_BIT,
  signalBit,
  startedAt,
  type ProcessStatus,
} from '@afterimage/host/process-status';
import { shortageOf, type Use } from './spare-resources.js';
import { setTimeout as pause } from 'node:timers/promises';

/** Node.js installs its handler right after it starts. */
const STARTING_MS = 5_000;
const POLL_MS = 20;
const SIGUSR2_BIT = signalBit(12);

export interface NodeProcess extends Candidate {
  nodeVersion: string;
}

/** Asking the process is not safe: it has too little left of what answering takes. */
export class ShortageError extends CommandError {
  /** @param reason what it has too little of, with the figures */
  constructor(
    readonly reason: string,
    advice: string,
  ) {
    super('refused', `${reason}; ${advice} (nothing was sent to it)`);
  }
}

/**
 * Returns the process if it can be attached to. Waits for a process that is just starting.
 * @param needsAddon whether the native part will be loaded into it
 * @throws {CommandError} `targetGone` or `refused`; nothing has been sent to the process
 */
export async function attachableProcess(
  pid: number,
  signal: AbortSignal,
  needsAddon = true,
): Promise<NodeProcess> {
  const candidate = await readCandidate(pid);
  if (candidate.nodeVersion !== null) candidate.status = await started(candidate.status, signal);
  const obstacle = await obstacleTo(candidate, listeningSockets, needsAddon);
  // Another capture may hold the port, so wait for it: the port is checked again right before the signal.
  if (obstacle !== null && obstacle.code !== 'port-taken') throw refusal(obstacle, pid);
  if (candidate.nodeVersion === null)
    throw new CommandError('refused', `process ${pid} does not run Node.js`);
  return { ...candidate, nodeVersion: candidate.nodeVersion };
}

/**
 * Checks again what may have changed, because a server near its limits can use up the rest at any time. Call
 * it right before the signal is sent.
 * @throws {CommandError} `targetGone` or `refused`; nothing has been sent to the process
 */
export async function checkAgain(pid: number, use: Use): Promise<void> {
  const status = await readStatus(pid);
  if (status === null || status.state === 'Z')
    throw new CommandError('targetGone', `process ${pid} has ended`);
  const obstacle = (await handlerObstacle(pid)) ?? (await shortageOf(status, use));
  if (obstacle !== null) throw refusal(obstacle, pid);
}

function refusal({ code, message }: Obstacle, pid: number): CommandError {
  const isShort = code === 'few-descriptors' || code === 'few-threads' || code === 'little-memory';
  if (!isShort) return new CommandError('refused', `${message} (nothing was sent to it)`);
  const safe =
    `safe meanwhile, as they open no inspector: afterimage memory ${pid}, afterimage descriptors ${pid}, ` +
    `afterimage heap ${pid}, afterimage ps`;
  return new ShortageError(message, safe);
}

/**
 * Reads what is known about a process.
 * @throws {CommandError} `targetGone`
 */
export async function readCandidate(pid: number): Promise<Candidate> {
  if (process.platform !== 'linux') {
    throw new CommandError(
      'refused',
      `processes of this machine can be captured on Linux, and this is ${process.platform}; a pod can: pod/NAME --develop in-cluster`,
    );
  }
  const status = await readStatus(pid);
  if (status === null) throw new CommandError('targetGone', `process ${pid} does not exist`);
  if (status.threadGroup !== pid)
    throw new CommandError(
      'refused',
      `${pid} is a thread of process ${status.threadGroup}; use ${status.threadGroup}`,
    );
  const [commandLine, nodeVersion] = await Promise.all([readCommandLine(pid), nodeVersionOf(pid)]);
  return { status, commandLine, nodeVersion };
}

async function started(status: ProcessStatus, signal: AbortSignal): Promise<ProcessStatus> {
  const { pid } = status;
  const since = await startedAt(pid);
  let latest: ProcessStatus | null = status;
  while (latest !== null && isStarting(latest) && since !== null && Date.now() - since < STARTING_MS) {
    await pause(POLL_MS, undefined, { signal });
    latest = await readStatus(pid);
  }
  if (latest === null) throw new CommandError('targetGone', `process ${pid} has ended`);
  return latest;
}

/**
 * Tells whether Node.js has not decided yet what SIGUSR1 does. While it creates its waiting thread, it blocks
 * all signals (StartDebugSignalHandler() in src/inspector_agent.cc); --disable-sigusr1 blocks only that one,
 * permanently.
 */
function isStarting({ caughtSignals, blockedSignals }: ProcessStatus): boolean {
  if ((caughtSignals & SIGUSR1_BIT) !== 0n) return false;
  return (blockedSignals & SIGUSR1_BIT) === 0n || (blockedSignals & SIGUSR2_BIT) !== 0n;
}
