/** Starts the load server with the agent in it, on one of the four Node versions. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type AgentLines, readAgentLines } from './agent-lines.js';
import type { NodeBinary } from '../nodes.js';

export interface LoadServer {
  pid: number;
  port: number;
  lines: AgentLines;
  /**
   * SIGTERM, then its end.
   * @throws when it had ended before, or does not end as it should: with its last words
   */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('../fixtures/load-server.js', import.meta.url));
/** Keeps V8's own fluctuations small compared with a leak. */
const steadyHeap = ['--max-semi-space-size=2', '--max-old-space-size=64', '--expose-gc'];
const startWithinMs = 30_000;

export async function startLoadServer(node: NodeBinary, env: Record<string, string>): Promise<LoadServer> {
  const child = spawn(node.path, [...steadyHeap, '--import', '@afterimage/agent/register', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)), // from where the agent's name resolves
    env: { ...process.env, ...node.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines = readAgentLines(child.stderr);
  const signal = AbortSignal.timeout(startWithinMs);
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the server ended with ${String(code)}: ${lines.otherOutput.join('\n')}`);
  });
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line', { signal }),
    ended,
  ])) as string[];
  ended.catch(() => undefined); // from here on, whoever stops it asks for its end
  const { port } = JSON.parse(line ?? '') as { port: number };
  return { pid: child.pid ?? 0, port, lines, stop: () => stop(child, lines) };
}

async function stop(child: ChildProcess, lines: AgentLines): Promise<void> {
  const endedBefore = child.exitCode ?? child.signalCode;
  if (endedBefore === null) {
    child.kill('SIGTERM');
    await once(child, 'exit', { signal: AbortSignal.timeout(10_000) });
  }
  if (endedBefore !== null || child.exitCode !== 0) {
    const code = String(child.exitCode ?? child.signalCode);
    throw new Error(`the server ended with ${code}: ${lines.otherOutput.join('\n')}`);
  }
}
