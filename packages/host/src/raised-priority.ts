/**
 * A process that serves a capture runs at the lowest priority, so that the server keeps its processors. On a busy machine
 * that is next to nothing (0.4 % of a processor beside eight busy processes), so its priority is raised after a while.
 */
import { setPriority } from 'node:os';

/** How long the lowest priority is enough, in milliseconds. */
export const RAISE_AFTER_MS = 3_000;
/** A quarter of a processor for which a server at 0 competes. */
const RAISED_PRIORITY = 5;

/** Only a superuser may raise a priority: elsewhere, and where the process has ended, this does nothing. */
export function raisePriority(pid: number): void {
  try {
    setPriority(pid, RAISED_PRIORITY);
  } catch {
    // The bound on the capture holds all the same.
  }
}
