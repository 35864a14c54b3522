/** Runs the fixture of the same name under one of the Node versions and reads what it saw. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Fork, ForkFailure } from '../../../packages/image/dist/native-part.js';
import type { NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

export interface Played {
  failure: ForkFailure | null;
  fork: Fork | null;
  end: { exitCode: number | null; signal: number | null } | null;
}

const target = fileURLToPath(new URL('../fixtures/native-target.js', import.meta.url));

export async function playTarget<Result = Played>(
  node: NodeBinary,
  scenario: string,
  ...args: string[]
): Promise<Result> {
  const { stdout } = await promisify(execFile)(node.path, [target, scenario, ...args], {
    timeout: PATIENCE_MS,
  });
  // V8 writes there too, where it is asked to trace.
  const line = stdout.split('\n').find((written) => written.startsWith('{')) ?? '';
  return JSON.parse(line) as Result;
}
