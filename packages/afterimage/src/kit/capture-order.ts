/** Captures a process in the container, and sends out its image, compressed. */
import { swept } from '@afterimage/image/swept-chunks';
import { abiOf } from '@afterimage/image/native-part';
import { setFlagsFromString } from 'node:v8';
import type { VersionedAddon } from '../attach/addon-place.js';
import { versionOf } from '../attach/addon-version.js';
import { captureLocal } from '../capture/local.js';
import { CommandError } from '../cli/command-error.js';
import { attachableProcess } from '../processes/candidate.js';
import { majorOf } from '../processes/node-version.js';
import { sendCompressed } from './compressed-result.js';
import type { FrameOutput } from './frame-output.js';
import type { KitParts, ToKit } from './protocol.js';
import { watchdogOutside } from './watchdog-outside.js';

/**
 * Runs the order.
 * @throws {CommandError}
 */
export async function captureOrder(
  { pid, waitMs, isWhole }: Extract<ToKit, { type: 'capture' }>,
  parts: KitParts,
  output: FrameOutput,
  signal: AbortSignal,
): Promise<void> {
  beSmall();
  const captured = await captureLocal({
    target: await attachableProcess(pid, signal),
    addonFor: (nodeVersion) => Promise.resolve(addonAmong(parts, nodeVersion)),
    standBy: () => Promise.resolve(watchdogOutside(output)),
    isBeside: true,
    isDevelopedHere: false,
    isWhole: isWhole === true,
    waitMs,
    signal,
    onStep: (step) => {
      // The fork comes next: free what attaching has left before the target's memory exists twice.
      if (step === 'attached')
        globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' } as never);
      void output.message({ type: 'step', step }).catch(() => undefined);
    },
  });
  // Attaching is over, and the image streams for seconds.
  globalThis.gc?.();
  try {
    const sent = await sendCompressed(swept(captured.image.chunks), output, signal);
    const leftOpen = await captured.leftOpen();
    await output.message({ type: 'done', ...sent, cost: captured.cost(), leftOpen });
  } finally {
    await captured.release();
  }
}

/**
 * Saves memory, because each megabyte here counts in addition to the target's. Optimizing compilers are off:
 * the image only passes through native code, the compressor. What starting has left is collected at once;
 * otherwise the heap would grow while attaching.
 */
function beSmall(): void {
  for (const tier of ['opt', 'maglev', 'sparkplug']) setFlagsFromString(`--no-${tier}`);
  globalThis.gc?.();
}

function addonAmong(parts: KitParts, nodeVersion: string): VersionedAddon {
  const addon = parts[abiOf(majorOf(nodeVersion)) ?? ''];
  if (addon === undefined) {
    throw new CommandError(
      'refused',
      `there is no native part for Node.js ${nodeVersion} on ${process.platform}-${process.arch} in this installation`,
    );
  }
  const contents = Buffer.from(addon, 'base64');
  return { addon: { contents }, addonVersion: versionOf(contents) };
}
