/** Captures a process of this machine by attaching to it. */
import { captureNeedBytes, describeHeadroom, readHeadroom } from '@afterimage/host/headroom';
import { formatBytes } from '@afterimage/host/format';
import { watchMemory, type MemoryWatch } from '@afterimage/host/memory-watch';
import { anonymousBytes } from '@afterimage/host/memory-use';
import { openProgram } from '@afterimage/image/target-program';
import { leanCapture } from '@afterimage/v8-heap/needs/lean-capture';
import { closeSync } from 'node:fs';
import type { VersionedAddon } from '../attach/addon-place.js';
import { attach, type AttachJob } from '../attach/attach.js';
import { describeIfOpen } from '../attach/left-open.js';
import { CommandError } from '../cli/command-error.js';
import { applicationOf } from '../processes/application.js';
import { checkAgain, type NodeProcess } from '../processes/candidate.js';
import { namespaceOf } from '@afterimage/host/process-status';
import { whileRunning } from '../processes/while-running.js';
import type { CapturedImage, CaptureCost } from './arrival.js';

export interface LocalCapture {
  target: NodeProcess;
  /**
   * Returns the addon.
   * @throws {CommandError} `refused` if there is none for that Node.js
   */
  addonFor: (nodeVersion: string) => Promise<VersionedAddon>;
  standBy?: AttachJob['standBy'];
  /** Whether this process runs in the target's cgroup, as in a container, so that its memory counts there. */
  isBeside: boolean;
  /** Whether the image is developed on this machine at once, so that V8's own generator has the program's file. */
  isDevelopedHere: boolean;
  /** Whether the image must have all of the program's file. */
  isWhole?: boolean;
  /** How long to wait for the target's main thread, in milliseconds. */
  waitMs?: number | undefined;
  signal: AbortSignal;
  onStep?: AttachJob['onStep'];
}

/**
 * Captures.
 * @throws {CommandError} `refused` before anything is sent to the process; `failed` or `targetGone` later.
 * Reading the image rejects with the same error, or with the signal's reason.
 */
export async function captureLocal(capture: LocalCapture): Promise<CapturedImage> {
  const { pid } = capture.target.status;
  await checkHeadroom(pid);
  const program = capture.isWhole === true ? undefined : openProgram(pid);
  try {
    return await captureWith(capture, program);
  } catch (error) {
    close(program);
    throw error;
  }
}

function close(program: number | undefined): void {
  if (program !== undefined) closeSync(program);
}

/** @param program descriptor of the file that the image may leave out */
async function captureWith(capture: LocalCapture, program: number | undefined): Promise<CapturedImage> {
  const { target, signal } = capture;
  const { pid } = target.status;
  const started = performance.now();
  const job = {
    target: target.status,
    commandLine: target.commandLine,
    name: (await applicationOf(pid, target.commandLine)).name,
    nodeVersion: target.nodeVersion,
    waitMs: capture.waitMs,
    lean: leanCapture(pid, program, capture.isDevelopedHere),
    ...(await capture.addonFor(target.nodeVersion)),
    standBy: capture.standBy,
    beforeSignal: () => checkAgain(pid, 'capture'),
    onStep: capture.onStep,
  };
  const what = 'the capture; nothing was written';
  const { fork, heldMs, image, left, release } = await whileRunning(pid, signal, what, (attaching) =>
    attach({ ...job, signal: attaching }),
  );
  let shortage: CommandError | null = null;
  const memory = watchMemory(
    ({ headroom, reserve }) => {
      shortage = new CommandError(
        'refused',
        `capture aborted, memory low: ${describeHeadroom(headroom)}, reserve ${formatBytes(reserve)}`,
      );
      release();
    },
    capture.isBeside ? undefined : pid,
  );
  const [own, its] = await Promise.all([namespaceOf('self', 'pid'), namespaceOf(pid, 'pid')]);
  if (own === its) memory.child = fork.pid;
  const cost: CaptureCost = {
    pauseMs: heldMs,
    parkMs: fork.parkMs,
    forkMs: fork.forkMs,
    captureMs: 0,
    extraBytes: 0,
  };
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* image.chunks;
    } catch (error) {
      signal.throwIfAborted();
      throw shortage ?? error;
    } finally {
      cost.captureMs = performance.now() - started;
      stop(memory);
    }
  }
  signal.addEventListener('abort', release, { once: true });
  return {
    kind: 'image',
    image: { header: image.header, chunks: watched(), program },
    cost: () => ({ ...cost, extraBytes: memory.peak() }),
    leftOpen: () => describeIfOpen(left),
    release: () => {
      stop(memory);
      release();
      close(program);
      return Promise.resolve();
    },
  };
}

function stop(memory: MemoryWatch): void {
  memory.child = null;
  memory.stop();
}

async function checkHeadroom(pid: number): Promise<void> {
  const [anonymous, headroom] = await Promise.all([anonymousBytes(pid), readHeadroom('/', pid)]);
  const need = captureNeedBytes(anonymous);
  if (headroom.available >= need) return;
  throw new CommandError(
    'refused',
    `not enough memory to capture process ${pid}: about ${formatBytes(need)} are needed, ${describeHeadroom(headroom)}; ` +
      'raise the limit, or capture while it uses less (nothing was sent to it)',
  );
}
