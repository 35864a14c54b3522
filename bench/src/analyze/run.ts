/** One run of one reader on one file, in a separate process, measured from start to end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { Usage } from './probe.js';
import { interruption } from '../interruption.js';

export type Run = Figures | { failure: string };

export interface Figures extends Usage {
  wallMs: number;
}

const LIMIT_MS = 300_000;

/**
 * @param node the Node that runs it
 * @param args Node's options, the program and its arguments
 * @throws when interrupted; a reader that fails or takes longer than five minutes is an answer
 */
export async function run(node: string, args: string[]): Promise<Run> {
  const probe = new URL('./probe.js', import.meta.url).href;
  const startedAt = performance.now();
  const child = spawn(node, ['--import', probe, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    signal: interruption.signal,
  });
  const [, stdout, stderr, usage] = child.stdio as unknown as [null, Readable, Readable, Readable];
  const [rows, errors, used] = await Promise.all([
    buffer(stdout),
    text(stderr),
    text(usage),
    once(child, 'close'),
  ]);
  const wallMs = performance.now() - startedAt;
  if (child.signalCode === 'SIGKILL' && wallMs >= LIMIT_MS) {
    return { failure: `not done in ${LIMIT_MS / 60_000} minutes` };
  }
  if (child.exitCode !== 0)
    return { failure: firstError(errors) ?? `ended by ${child.signalCode ?? 'an error'}` };
  if (rows.length === 0) return { failure: 'it printed no result' };
  return { wallMs, ...(JSON.parse(used) as Usage) };
}

/** The one telling line of what Node prints about an uncaught error. */
function firstError(errors: string): string | undefined {
  const lines = errors.split('\n');
  return (
    lines.find((line) => /\b(\w*Error|FATAL|panicked)\b.*:/.test(line)) ?? lines.find((line) => line !== '')
  );
}
