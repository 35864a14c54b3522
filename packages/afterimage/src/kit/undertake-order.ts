/** Clears away what a kit that was killed has left in the container. */
import { rm } from 'node:fs/promises';
import { closeInspectors, type Undertaking } from '../attach/undertaking.js';
import type { FrameOutput } from './frame-output.js';

export async function undertakeOrder(left: Undertaking, output: FrameOutput): Promise<void> {
  for (const directory of left.directories) await rm(directory, { recursive: true, force: true });
  await closeInspectors(left);
  await output.message({ type: 'undertaken' });
}
