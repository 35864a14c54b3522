/** Lets the agent of a process in the container capture, and sends out the file. */
import { swept } from '@afterimage/image/swept-chunks';
import { agentFile } from '../capture/agent-file.js';
import { captureByAgent, readyAgent } from '../capture/agent-signal.js';
import { CommandError } from '../cli/command-error.js';
import { readAgentBoard } from '../processes/agent-board.js';
import { readCandidate } from '../processes/candidate.js';
import { sendCompressed } from './compressed-result.js';
import type { FrameOutput } from './frame-output.js';

/**
 * Runs the order.
 * @throws {CommandError}
 */
export async function agentOrder(pid: number, output: FrameOutput, signal: AbortSignal): Promise<void> {
  const { status } = await readCandidate(pid);
  const board = await readAgentBoard(pid);
  if (board === null) throw new CommandError('refused', `process ${pid} has no agent any more`);
  const ready = await readyAgent({ status, board });
  const result = await captureByAgent(pid, ready, signal, ({ message }) => {
    void output.message({ type: 'said', text: message }).catch(() => undefined);
  });
  await output.message({ type: 'wrote', result });
  const sent = await sendCompressed(swept(agentFile(status, result)), output, signal);
  await output.message({ type: 'done', ...sent });
}
