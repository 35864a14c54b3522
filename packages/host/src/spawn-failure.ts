/** Finds out at once that a program could not be started for want of a descriptor. */
import type { ChildProcess } from 'node:child_process';

/**
 * Throws if `spawn` found no descriptor: Node.js says so only later, with an `error` event, and until then the child has no
 * pipes, whatever its type says (`ChildProcess.prototype.spawn` in lib/internal/child_process.js).
 * @throws a system error, EMFILE
 */
export function throwIfWithoutPipes(child: ChildProcess, program: string): void {
  if ((child.stdin as unknown) !== undefined) return;
  child.once('error', () => undefined); // thrown here
  throw Object.assign(new Error(`spawn ${program}: EMFILE, too many open files`), {
    code: 'EMFILE',
    syscall: 'spawn',
    path: program,
  });
}
