/** Keeps memory through which images, keys and secrets pass out of core dumps. */
import { writeFileSync } from 'node:fs';

/**
 * Of this process and of those it starts: a core file has no memory in it (core(5), /proc/PID/coredump_filter; Node
 * has no prctl(2) for more). Elsewhere than on Linux nothing is done.
 */
export function keepOutOfCoreDumps(): void {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // Another system, or a sandbox without /proc; whoever allows core dumps there has them as Node leaves them.
  }
}
