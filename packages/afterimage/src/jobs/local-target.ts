/** A process of this machine, by its ID. */
import { installedAddon } from '../attach/installed-addon.js';
import { startWatchdog } from '../attach/watchdog-process.js';
import { readAgentBoard } from '../processes/agent-board.js';
import { attachableProcess, readCandidate } from '../processes/candidate.js';
import { captureLocal } from '../capture/local.js';
import { stepText } from './step-text.js';
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
    capture: async ({ signal, progress, use, needsProgram }) => {
      progress.stage(`looking at process ${pid}`);
      return captureLocal({
        target: await attachableProcess(pid, signal),
        addonFor: installedAddon,
        standBy: startWatchdog,
        isBeside: false,
        isDevelopedHere: use === 'darkroom',
        isWhole: use !== 'darkroom' && needsProgram,
        waitMs,
        signal,
        onStep: (step) => progress.stage(stepText(step, `process ${pid}`)),
      });
    },
    heap: async ({ signal, progress }) => {
      const { heapReport } = await import('../heap/report.js');
      return heapReport(pid, {
        standBy: startWatchdog,
        waitMs,
        onQueue: () => progress.stage(stepText('queued', `process ${pid}`)),
        onWait: () => progress.stage(stepText('waiting', `process ${pid}`)),
        signal,
      });
    },
  };
}
