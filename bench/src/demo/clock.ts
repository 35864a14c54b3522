/** How long the demo may take, and waiting that Ctrl-C ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { interruption } from '../interruption.js';

/** Two minutes for everything, less what a build before it may take. */
const DEADLINE_MS = 95_000;
const MIN_MS = 12_000;

/** Milliseconds until the deadline, less those kept for what comes after; never below some seconds. */
export function timeLeftMs(keptMs: number): number {
  return Math.max(MIN_MS, Math.round(DEADLINE_MS - keptMs - performance.now()));
}

/** @throws {Error} when the demo is interrupted */
export async function pass(ms: number): Promise<void> {
  await delay(Math.max(0, ms), undefined, { signal: interruption.signal });
}
