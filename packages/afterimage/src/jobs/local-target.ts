/** A process of this machine, by its ID. */
import type { AttachStep } from '../attach/attach.js';
import { installedAddon } from '../attach/installed-addon.js';
import { startWatchdog } from '../attach/watchdog-process.js';
import { readAgentBoard } from '../processes/agent-board.js';
import { attachableProcess, readCandidate } from '../processes/candidate.js';
import { captureLocal } from '../capture/local.js';
import { heapReport } from '../heap/report.js';
import type { CaptureTarget } from './target.js';

/** @param waitMs how long to wait for its main thread; default if absent */
export function localTarget(pid: number, waitMs?: number): CaptureTarget {
  return {
    name: `process ${pid}`,
    fileName: null,
    agent: async () => {
      const { status } = await readCandidate(pid);
      const board = await readAgentBoard(pid);
      return board === null ? null : { status, board };
    },
    capture: async ({ signal, progress, storesImage }) => {
      progress.stage(`looking at process ${pid}`);
      return captureLocal({
        target: await attachableProcess(pid, signal),
        addonFor: installedAddon,
        standBy: startWatchdog,
        isBeside: false,
        isDevelopedHere: !storesImage,
        waitMs,
        signal,
        onStep: (step) => progress.stage(stepText(step, `process ${pid}`)),
      });
    },
    heap: ({ signal, progress }) =>
      heapReport(pid, {
        standBy: startWatchdog,
        waitMs,
        onQueue: () => progress.stage(stepText('queued', `process ${pid}`)),
        onWait: () => progress.stage(stepText('waiting', `process ${pid}`)),
        signal,
      }),
  };
}

export function stepText(step: AttachStep, name: string): string {
  const texts: Record<AttachStep, string> = {
    queued: `another capture is attaching here: waiting for its end before ${name}`,
    waiting: `the main thread of ${name} is in native code: waiting for it to return`,
    attached: `attached to ${name}`,
    forked: `${name} is forked`,
    left: `${name} is left alone again, its image is coming`,
  };
  return texts[step];
}
