/**
 * Captures a process through its agent: sends it the agent's signal, and follows the status board to the end.
 * The agent's gate, path, redaction and log lines apply.
 */
import { formatMs } from '@afterimage/host/format';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../cli/command-error.js';
import { InterruptedError } from '../cli/interruption.js';
import {
  readAgentBoard,
  type AgentBoard,
  type AgentEvent,
  type AgentResult,
  type Unreadable,
} from '../processes/agent-board.js';
import { obstacleToAgent } from '../processes/obstacles.js';
import { readStatus, type ProcessStatus } from '@afterimage/host/process-status';
import { visible } from '../cli/visible.js';

/** An agent in a process, at the time it was read. */
export interface FoundAgent {
  status: ProcessStatus;
  board: AgentBoard | Unreadable;
}

export interface CapturedByAgent extends AgentResult {
  /** Null if the event with these figures was missed. */
  parkMs: number | null;
  forkMs: number | null;
}

const POLL_MS = 50;
/** How long the main thread may take to handle the signal. */
const TAKEN_MS = 30_000;
/** Extra time that the agent may need beyond its own limit for a capture. */
const GRACE_MS = 10_000;
const MAX_MS = 900_000;
/** The agent's error codes that attaching would refuse too. */
const REFUSALS = ['headroom', 'resources', 'unsupported', 'unencrypted', 'park-timeout'];

/**
 * Returns the agent's board if the agent can capture.
 * @throws {CommandError} `refused`; nothing has been sent to the process
 */
export async function readyAgent({ status, board }: FoundAgent): Promise<AgentBoard> {
  const obstacle = await obstacleToAgent(status, board);
  if (obstacle !== null) throw new CommandError('refused', `${obstacle.message} (nothing was sent to it)`);
  if (board !== 'unreadable' && board.state === 'idle') return board;
  throw new CommandError(
    'refused',
    `process ${status.pid} is being captured by its agent: wait until that is over (nothing was sent to it)`,
  );
}

/**
 * Captures.
 * @param board as it was before
 * @throws {CommandError} `refused`, `failed` or `targetGone`; {InterruptedError} or the signal's reason, in
 * which case the agent continues
 */
export async function captureByAgent(
  pid: number,
  board: AgentBoard,
  signal: AbortSignal,
  onEvent: (event: AgentEvent) => void,
): Promise<CapturedByAgent> {
  const number = board.captures + 1;
  const started = performance.now();
  send(pid, board.signal);
  const times: Pick<CapturedByAgent, 'parkMs' | 'forkMs'> = { parkMs: null, forkMs: null };
  const seen = new Set<string>();
  for (;;) {
    await pause(POLL_MS, undefined, { signal }).catch((error: unknown) => {
      throw signal.reason instanceof InterruptedError ? leftToTheAgent(pid, board, signal.reason) : error;
    });
    const elapsed = performance.now() - started;
    const now = await readAgentBoard(pid);
    if (now === null) throw await agentGone(pid);
    if (now !== 'unreadable') {
      for (const event of now.events.filter(({ capture }) => capture >= number)) {
        // The board has only the latest few, which move up.
        const key = `${event.time} ${event.message}`;
        if (seen.has(key)) continue;
        seen.add(key);
        if (event.event === 'captured') Object.assign(times, { parkMs: event.parkMs, forkMs: event.forkMs });
        onEvent(event);
      }
      if (now.ended !== null && now.ended.capture >= number) return { ...outcome(pid, now), ...times };
      if (now.captures < number && elapsed > TAKEN_MS) throw notTaken(pid, board);
    }
    if (elapsed > Math.min(board.timeoutMs + GRACE_MS, MAX_MS)) throw tooLong(pid, elapsed);
  }
}

function leftToTheAgent(pid: number, { expandedPath }: AgentBoard, { signal }: InterruptedError): Error {
  const outcome = `the agent of process ${pid} goes on, and writes to ${visible(expandedPath)}`;
  return new InterruptedError(signal, outcome);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') throw new CommandError('targetGone', `process ${pid} has ended`, { cause: error });
    throw new CommandError('refused', `process ${pid} cannot be sent ${signal} (${code ?? String(error)})`, {
      cause: error,
    });
  }
}

/**
 * Returns the outcome.
 * @throws {CommandError} with the agent's message
 */
function outcome(pid: number, { ended }: AgentBoard): AgentResult {
  if (ended === null) throw new Error('the capture has not ended');
  const { outcome: found } = ended;
  if ('kind' in found) return found;
  throw new CommandError(
    REFUSALS.includes(found.code) ? 'refused' : 'failed',
    `the agent of process ${pid}: ${visible(found.message)}`,
  );
}

async function agentGone(pid: number): Promise<CommandError> {
  const status = await readStatus(pid);
  if (status === null || status.state === 'Z')
    return new CommandError('targetGone', `process ${pid} ended during the capture; nothing was written`);
  return new CommandError(
    'failed',
    `the agent in process ${pid} was uninstalled during the capture; nothing was written`,
  );
}

function notTaken(pid: number, { signal, expandedPath }: AgentBoard): CommandError {
  return new CommandError(
    'failed',
    `the main thread of process ${pid} did not handle ${signal} within ${formatMs(TAKEN_MS)}: it is busy. When it does, the ` +
      `agent still captures it, to ${visible(expandedPath)}`,
  );
}

function tooLong(pid: number, elapsed: number): CommandError {
  return new CommandError(
    'failed',
    `the capture by the agent of process ${pid} did not finish within ${formatMs(elapsed)}; see its log for the outcome`,
  );
}
