/** Tells whether a process waits in an event loop, from the system call of its main thread (proc(5)). */
import { readFile } from 'node:fs/promises';
import { childrenOf } from '@afterimage/host/process-status';

/** epoll_wait, epoll_pwait and epoll_pwait2, as far as they exist. */
const WAITS: Partial<Record<NodeJS.Architecture, string[]>> = {
  x64: ['232', '281', '441'],
  arm64: ['22', '441'],
};

/**
 * Returns false if it does something, or if that is unknown. With children, it may be waiting synchronously
 * for one of them, which Node.js does in a separate loop.
 */
export async function waitsForEvents(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/syscall`, 'latin1').catch(() => '');
  const waits = WAITS[process.arch]?.includes(text.split(' ')[0]) ?? false;
  return waits && (await childrenOf(pid)).length === 0;
}
