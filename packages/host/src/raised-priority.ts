/**
 * Raises the priority of processes that serve a capture. They start at the lowest priority, so that the
 * server keeps its processors; but on a busy machine that means almost no time at all (0.4 % of a processor
 * next to eight busy processes).
 */
import { setPriority } from 'node:os';

/** How long a process stays at the lowest priority, in milliseconds. */
export const RAISE_AFTER_MS = 3_000;
/** About a quarter of a processor, in competition with a server at priority 0. */
const RAISED_PRIORITY = 5;

/** Raises the priority of a process. Does nothing without superuser rights, or if the process has ended. */
export function raisePriority(pid: number): void {
  try {
    setPriority(pid, RAISED_PRIORITY);
  } catch {
    // The time limit of the capture still applies.
  }
}
