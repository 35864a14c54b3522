/** Keeps memory that contains images, keys and secrets out of core dumps. */
import { writeFileSync } from 'node:fs';

/**
 * Excludes all memory of this process and of those it starts from core files (core(5),
 * /proc/PID/coredump_filter; Node does not expose prctl(2)). Does nothing on systems other than Linux.
 */
export function keepOutOfCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // Not Linux, or a sandbox without /proc: core dumps stay as Node leaves them.
  }
}
