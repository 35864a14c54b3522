/** Whether a process waits in an event loop, from the system call that its main thread is in (proc(5)). */
import { readFile } from 'node:fs/promises';
import { childrenOf } from '@afterimage/host/process-status';

/** epoll_wait, epoll_pwait and epoll_pwait2, where they exist. */
const WAITS: Partial<Record<NodeJS.Architecture, string[]>> = {
  x64: ['232', '281', '441'],
  arm64: ['22', '441'],
};

/**
 * False when it does something, and where nothing tells: with children it may wait for one of them synchronously, which
 * Node.js does in a loop, too, but not in that of everything else.
 */
export async function waitsForEvents(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/syscall`, 'latin1').catch(() => '');
  const waits = WAITS[process.arch]?.includes(text.split(' ')[0]) ?? false;
  return waits && (await childrenOf(pid)).length === 0;
}
