/** Cleans up what a killed kit left in the container. */
import { rm } from 'node:fs/promises';
import { closeInspectors, type Cleanup } from '../attach/cleanup.js';
import type { FrameOutput } from './frame-output.js';

export async function cleanUpOrder(left: Cleanup, output: FrameOutput): Promise<void> {
  for (const directory of left.directories) await rm(directory, { recursive: true, force: true });
  await closeInspectors(left);
  await output.message({ type: 'cleaned-up' });
}
