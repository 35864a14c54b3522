/** A process of this machine, by its id. */
import type { AttachStep } from '../attach/attach.js';
import { installedAddon } from '../attach/installed-addon.js';
import { startUndertaker } from '../attach/undertaker-process.js';
import { attachableProcess } from '../target/candidate.js';
import { captureLocal } from './local.js';
import type { CaptureTarget } from './target.js';

export function localTarget(pid: number): CaptureTarget {
  return {
    name: `process ${pid}`,
    fileName: null,
    capture: async ({ signal, progress }) => {
      progress.stage(`looking at process ${pid}`);
      return captureLocal({
        target: await attachableProcess(pid, signal),
        addonFor: installedAddon,
        standBy: startUndertaker,
        isBeside: false,
        signal,
        onStep: (step) => progress.stage(stepText(step, `process ${pid}`)),
      });
    },
  };
}

export function stepText(step: AttachStep, name: string): string {
  const texts: Record<AttachStep, string> = {
    attached: `attached to ${name}`,
    forked: `${name} is forked`,
    left: `${name} is left alone again, its image is coming`,
  };
  return texts[step];
}
