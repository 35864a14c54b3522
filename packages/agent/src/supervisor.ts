/** Whether a process manager above this one uses SIGUSR2 for itself. */
import { readStatSync } from '@afterimage/host/process-stat';
import { readFileSync } from 'node:fs';

const MAX_ANCESTORS = 8;

/**
 * nodemon restarts what it watches by SIGUSR2, and waits for that to end: it must reach the application.
 * Looks at the processes above this one; false where they cannot be read.
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
