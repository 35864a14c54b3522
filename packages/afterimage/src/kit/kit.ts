/**
 * The program that runs in a container, in the container's own Node.js, sent there through an exec's standard
 * input. It reports the Node.js processes, then executes one order: capture one of them, clean up after a
 * killed kit, or develop an image. It leaves nothing behind, and ends when its connection ends.
 */
import { messageOf } from '@afterimage/host/errors';
import { readHeadroom } from '@afterimage/host/headroom';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { CommandError } from '../cli/command-error.js';
import { systemFailure } from '../cli/system-failure.js';
import { readAgentBoard } from '../processes/agent-board.js';
import type { NodeProcess } from '../processes/candidate.js';
import { scriptOf } from '../processes/command-line.js';
import { closedProcesses, isWrapper, nodeProcesses } from '../processes/node-processes.js';
import { obstacleTo, obstacleToAgent } from '../processes/obstacles.js';
import { ownPlace } from '../processes/place.js';
import { frameOutput, type FrameOutput } from './frame-output.js';
import { captureOrder } from './capture-order.js';
import {
  FRAME,
  messageIn,
  readFrames,
  type ClosedProcess,
  type Frame,
  type KitParts,
  type SeenProcess,
  type Surroundings,
  type ToKit,
} from './protocol.js';

/** If nothing is read for this long, the connection is dead. */
const STALL_MS = 60_000;
/** Limit for everything: nothing of Afterimage runs in a container for longer. */
const MAX_MS = 3_600_000;
/** Time for sending the last frame. */
const FLUSH_MS = 5_000;

/** Called by the bootstrap, with everything that came with this code. */
export async function run(parts: KitParts): Promise<never> {
  const stop = new AbortController();
  const giveUp = (): void => stop.abort(new CommandError('failed', 'the client disconnected'));
  setTimeout(giveUp, MAX_MS).unref();
  stepBack();
  const output = frameOutput(1, STALL_MS, giveUp);
  const working = work(parts, output, giveUp, stop.signal);
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error));
  });
  // The signal starts the cleanup; wait for it as long as a last frame may take.
  const code = await Promise.race([working, stopped.catch(() => within(working, FLUSH_MS))]).then(
    () => 0,
    async (error: unknown) => {
      const failure = error instanceof CommandError ? error.failure : 'failed';
      const message = messageOf(systemFailure(error) ?? error);
      const told = output.message({ type: 'failed', failure, message });
      await within(told, FLUSH_MS).catch(() => undefined);
      return 1;
    },
  );
  process.exit(code);
}

async function work(
  parts: KitParts,
  output: FrameOutput,
  onEnd: () => void,
  signal: AbortSignal,
): Promise<void> {
  const frames = readFrames(process.stdin as AsyncIterable<Uint8Array>);
  await output.message({
    type: 'found',
    processes: await seen(),
    closed: await closed(),
    surroundings: await surroundings(),
  });
  const first = await frames.next();
  if (first.done === true) return;
  const order = messageIn(first.value) as ToKit;
  // Loaded on demand: next to a target every megabyte counts.
  if (order.type === 'capture') {
    void untilEnd(frames).finally(onEnd);
    if (order.byAgent) {
      const { agentOrder } = await import('./agent-order.js');
      await agentOrder(order.pid, output, signal);
    } else {
      await captureOrder(order, parts, output, signal);
    }
  } else if (order.type === 'heap') {
    void untilEnd(frames).finally(onEnd);
    const { heapOrder } = await import('./heap-order.js');
    await heapOrder(order, output, signal);
  } else if (order.type === 'clean-up') {
    void untilEnd(frames).finally(onEnd);
    const { cleanUpOrder } = await import('./cleanup-order.js');
    await cleanUpOrder(order.left, output);
  } else {
    const { developOrder } = await import('./develop-order.js');
    await developOrder(image(frames, onEnd), parts, output, signal);
  }
}

/** Waits for the end of the input. */
async function untilEnd(frames: AsyncGenerator<Frame>): Promise<void> {
  while ((await frames.next()).done !== true);
}

async function* image(frames: AsyncGenerator<Frame>, onEnd: () => void): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await frames.next();
    if (next.done === true) throw new CommandError('failed', 'the image stopped arriving');
    if (next.value.type === FRAME.message) break;
    yield next.value.payload;
  }
  void untilEnd(frames).finally(onEnd);
}

async function seen(): Promise<SeenProcess[]> {
  const found = (await nodeProcesses()).filter((each) => !isWrapper(each));
  return Promise.all(
    found.map(async (each) => ({
      pid: each.status.pid,
      nodeVersion: each.nodeVersion,
      command: (each.commandLine === null ? undefined : scriptOf(each.commandLine)) ?? 'node',
      rss: each.status.rss,
      obstacle: await lastingObstacle(each),
      agent: await agentIn(each),
    })),
  );
}

/**
 * Ignores a port held by another capture, which releases it soon: that is checked again before the signal.
 */
async function lastingObstacle(each: NodeProcess): Promise<string | null> {
  const obstacle = await obstacleTo(each);
  return obstacle === null || obstacle.code === 'port-taken' ? null : obstacle.message;
}

async function closed(): Promise<ClosedProcess[]> {
  return (await closedProcesses()).map(({ pid, uid, gid }) => ({ pid, uid, gid }));
}

async function agentIn({ status }: NodeProcess): Promise<SeenProcess['agent']> {
  const board = await readAgentBoard(status.pid);
  return board === null ? null : { obstacle: (await obstacleToAgent(status, board))?.message ?? null };
}

async function surroundings(): Promise<Surroundings> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return { node: process.execPath, uid, gid, memory: await readHeadroom(), place: await ownPlace() };
}

/** Gives the target priority for processor and memory. */
function stepBack(): void {
  try {
    setPriority(19);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Some sandboxes forbid this; then only the memory watch protects the target.
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('too late')), ms).unref();
  });
  return Promise.race([promise, late]);
}
