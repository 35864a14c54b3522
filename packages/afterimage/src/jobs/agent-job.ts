/** A capture by the agent of a process, from the request to the result in its place. */
import { formatBytes } from '@afterimage/host/format';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { CommandError } from '../cli/command-error.js';
import { freePath } from '../files/destination.js';
import type { AgentBoard } from '../processes/agent-board.js';
import { nodeVersionOf } from '../processes/node-version.js';
import { namespaceOf, type ProcessStatus } from '@afterimage/host/process-status';
import { visible } from '../cli/visible.js';
import { agentFile, copyAgentFile } from '../capture/agent-file.js';
import {
  captureByAgent,
  readyAgent,
  type CapturedByAgent,
  type FoundAgent,
} from '../capture/agent-signal.js';
import { agentOutcome, agentSnapshot, snapshotOutcome, type Captured } from './outcome.js';
import { developAgentFile } from './result.js';
import type { Way } from './ways.js';
import { resultPath } from './result-path.js';
import type { CaptureContext } from './target.js';

export interface AskedOfAgent {
  /** Path for a copy of the result; undefined to leave it where the agent puts it. */
  output: string | undefined;
  wantsImage: boolean;
  /** Undefined if not requested. */
  redact: RedactionLevel | undefined;
  recipients: readonly string[];
  /** Whether the recipients were given for this capture. */
  mustEncrypt: boolean;
  force: boolean;
  /** How an image that the agent has stored becomes a snapshot. */
  by: Way;
}

/**
 * Refuses `--isolate`, because an agent captures the heap of the main thread only.
 * @param target the target's name in messages
 */
export function agentRefusal(target: string): CommandError {
  return new CommandError(
    'refused',
    `${target} has an agent, which captures the main thread's heap alone: leave --isolate out, or attach through the inspector ` +
      'instead, --no-agent (nothing was sent to it)',
  );
}

/**
 * Captures.
 * @throws {CommandError} or {DevelopError}, or the signal's reason
 */
export async function captureWithAgent(
  agent: FoundAgent,
  asked: AskedOfAgent,
  { signal, progress, say }: CaptureContext,
): Promise<Captured> {
  const { status } = agent;
  const { pid } = status;
  const board = await readyAgent(agent);
  refuseWhatTheAgentDecides(pid, board, asked);
  if (asked.redact !== undefined && asked.redact !== board.redact) {
    say(`process ${pid} has an agent, whose redaction level is ${board.redact}, not ${asked.redact}`);
  }
  const nodeVersion = await nodeVersionOf(pid);
  progress.stage(`process ${pid} is sent ${board.signal}, for its agent`);
  const result = await captureByAgent(pid, board, signal, ({ message }) => progress.stage(visible(message)));
  const told = agentOutcome(result);
  const known = {
    ...told,
    target: `process ${pid}`,
    attempts: result.attempts,
    image: { ...told.image, name: board.name, pid, ...(nodeVersion === null ? {} : { nodeVersion }) },
  };
  const path = asked.output === undefined ? undefined : await copyPath(asked, pid, board, result);
  if (path === undefined) {
    const { kind, bytes, sha256 } = result;
    return {
      ...known,
      kind,
      path: await placeOf(status, result),
      bytes,
      sha256,
      snapshot: agentSnapshot(result),
    };
  }
  if (result.kind === 'snapshot' || asked.wantsImage) {
    const copied = await copyAgentFile(agentFile(status, result), result, path, asked);
    return { ...known, kind: result.kind, path, ...copied, snapshot: agentSnapshot(result) };
  }
  refuseEncrypted(pid, result, path);
  const { recipients, force } = asked;
  const developing = { redact: board.redact, recipients, force, signal, progress };
  const { header, developed } = await developAgentFile(
    known.target,
    agentFile(status, result),
    path,
    asked.by,
    developing,
  );
  return { ...known, path, ...snapshotOutcome(header, developed, developed.by) };
}

/**
 * Refuses requests that only the agent's configuration can fulfill.
 * @throws {CommandError} `refused`, before anything is sent to the process
 */
function refuseWhatTheAgentDecides(pid: number, board: AgentBoard, asked: AskedOfAgent): void {
  const storesImages = board.mode === 'image' && board.develop === 'never';
  if (asked.wantsImage && !storesImages) {
    throw new CommandError(
      'refused',
      `process ${pid} has an agent, and that decides whether an image is stored: start the process with ` +
        'AFTERIMAGE_DEVELOP=never, or leave --image out (nothing was sent to it)',
    );
  }
  if (asked.mustEncrypt && !board.encrypted) {
    throw new CommandError(
      'refused',
      `process ${pid} has an agent that writes its results to ${visible(board.expandedPath)} without encrypting them: start the ` +
        'process with AFTERIMAGE_RECIPIENTS, or leave --recipient out (nothing was sent to it)',
    );
  }
}

function refuseEncrypted(pid: number, { path, encrypted, bytes }: CapturedByAgent, output: string): void {
  if (!encrypted) return;
  throw new CommandError(
    'failed',
    `the agent of process ${pid} stored the image ${visible(path)} (${formatBytes(bytes)}), encrypted: on the machine with its identity, ` +
      `afterimage develop ${visible(path)} --identity FILE -o ${output}`,
  );
}

async function copyPath(
  { output, force }: AskedOfAgent,
  pid: number,
  { name }: AgentBoard,
  { encrypted }: CapturedByAgent,
): Promise<string> {
  return freePath(resultPath(output, '', { target: null, name, pid, time: new Date(), encrypted }), force);
}

/** Returns the path of the file as seen from here. */
async function placeOf({ pid }: ProcessStatus, { path }: CapturedByAgent): Promise<string> {
  const [own, its] = await Promise.all([namespaceOf('self', 'mnt'), namespaceOf(pid, 'mnt')]);
  return own === its || its === null ? path : `/proc/${pid}/root${path}`;
}
