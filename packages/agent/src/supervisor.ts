/** Detects a process manager that uses SIGUSR2 for itself. */
import { readStatSync } from '@afterimage/host/process-stat';
import { readFileSync } from 'node:fs';

const MAX_ANCESTORS = 8;

/**
 * Tells whether nodemon is an ancestor of this process; false if that cannot be read. nodemon restarts the
 * application by SIGUSR2 and waits for its end, so that signal must reach the application.
 */
export function isUnderNodemon(pid: number = process.ppid): boolean {
  let at = pid;
  for (let depth = 0; depth < MAX_ANCESTORS && at > 1; depth++) {
    try {
      const [, script = ''] = readFileSync(`/proc/${at}/cmdline`, 'latin1').split('\0');
      if (/(^|\/)nodemon(\.js)?$/.test(script)) return true;
      at = readStatSync(at)?.parent ?? 0;
    } catch {
      return false;
    }
  }
  return false;
}
