/** Waits, with a time limit, for what no event reports: mostly other processes' state in /proc. */
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.js';

/** Calls `check` until it no longer throws; when `withinMs` have passed, throws what it threw last. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(50);
  }
}
