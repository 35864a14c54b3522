/** A system call that failed in the command or in its kit: one line instead of a bug report. */
import { codeOf } from '@afterimage/host/errors';
import { CommandError } from './command-error.js';
import { visible } from './visible.js';

const SHORTAGES: Partial<Record<string, string>> = {
  EMFILE: 'has no file descriptor left: raise its limit of open files (ulimit -n)',
  ENFILE: 'gets no file descriptor: the machine has none left (fs.file-max)',
  EAGAIN: 'gets no process or thread: raise the limit of processes (ulimit -u, pids.max)',
  ENOMEM: 'gets no memory from the kernel',
  ENOBUFS: 'gets no memory from the kernel',
  ENOSPC: 'finds no space left on the disk',
};

/** Null for errors that are not of a system call. */
export function systemFailure(error: unknown): CommandError | null {
  if (!(error instanceof Error) || !('syscall' in error)) return null;
  const code = codeOf(error) ?? 'unknown error';
  const path = 'path' in error && typeof error.path === 'string' ? ` ${visible(error.path)}` : '';
  const syscall = String(error.syscall);
  const call = path !== '' && syscall.endsWith(path) ? syscall : `${syscall}${path}`;
  const shortage = SHORTAGES[code];
  const message =
    shortage === undefined
      ? `a system call of Afterimage failed: ${call}: ${code}`
      : `Afterimage ${shortage} (${call}: ${code})`;
  return new CommandError('failed', message, { cause: error });
}
