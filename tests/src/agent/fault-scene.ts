/** A server with an agent, in which a fault is injected while it is captured, and what must hold afterwards. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AgentOptions } from '@afterimage/agent';
import type { AgentLine } from '../targets/agent-lines.js';
import {
  filesIn,
  isRunning,
  partOf,
  startTarget,
  temporaryDirectory,
  type Target,
} from '../targets/agent-target.js';
import { eventually } from '../eventually.js';
import { census } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

/** Enough that each step of a capture takes a while. */
const THINGS = '200000';

export interface Scene {
  target: Target;
  directory: string;
  /** The server's pipes and sockets before any capture. */
  descriptors: Record<string, number>;
}

function streams(target: Target): Record<string, number> {
  const { 'pipe:[]': pipes = 0, 'socket:[]': sockets = 0 } = census(target.pid).descriptors;
  return { pipes, sockets };
}

export async function scene(
  t: TestContext,
  options: AgentOptions = {},
  directory = temporaryDirectory(t),
): Promise<Scene> {
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, {
    options: { allow: true, path, ...options },
    env: { TARGET_THINGS: THINGS },
  });
  await target.get('/'); // keeps the connection, as each later request does
  return { target, directory, descriptors: streams(target) };
}

export async function outcome({ target }: Scene): Promise<AgentLine> {
  return target.lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
}

export async function capture(scene: Scene): Promise<AgentLine> {
  scene.target.child.kill('SIGUSR2');
  return outcome(scene);
}

/** The server responds, and nothing of the capture is left. */
export async function assertUnaffected(
  { target, directory, descriptors }: Scene,
  left: string[] = [],
): Promise<void> {
  assert.deepEqual(await target.get('/'), { things: Number(THINGS) });
  await eventually(() => assert.deepEqual(census(target.pid).children, {}));
  assert.deepEqual(filesIn(directory), left);
  await eventually(() => assert.deepEqual(streams(target), descriptors));
  assert.deepEqual(target.lines.otherOutput, []);
}

export async function assertNextSucceeds(scene: Scene): Promise<void> {
  const line = await capture(scene);
  assert.equal(line.event, 'written', JSON.stringify(line));
  await assertUnaffected(scene, ['a.heapsnapshot']);
}

/** Stops the collector, so that nothing else can continue: the moment to inject the fault. */
export async function whenForked({ target }: Scene): Promise<{ collector: number; child: number }> {
  target.child.kill('SIGUSR2');
  const child = await partOf(target, 'child');
  const collector = await partOf(target, 'collector');
  process.kill(collector, 'SIGSTOP');
  return { collector, child };
}

export async function whenDeveloping({ target }: Scene): Promise<{ collector: number; darkroom: number }> {
  target.child.kill('SIGUSR2');
  await target.lines.next(['captured'], PATIENCE_MS);
  return { collector: await partOf(target, 'collector'), darkroom: await partOf(target, 'darkroom') };
}

export async function assertGone(...pids: number[]): Promise<void> {
  await eventually(() => assert.deepEqual(pids.filter(isRunning), []));
}
