/**
 * Waits while another capture has the port of a target's inspector, which its target closes soon. Does not
 * wait for a debugger or a server that holds the port.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandLine } from '../processes/command-line.js';
import { portHolder } from '../processes/obstacles.js';
import { captureLockName } from './attach-lock.js';
import { CLEANUP_PROGRAM } from './watchdog-process.js';

const WAIT_MS = 30_000;
const POLL_MS = 50;

/**
 * Returns when the port is free, or will not be soon; then the caller finds it taken.
 * @param onWait called once, with the process that has the port
 */
export async function portTurn(
  pid: number,
  commandLine: CommandLine | null,
  signal: AbortSignal,
  onWait?: (holder: number) => void,
): Promise<void> {
  const started = performance.now();
  let isSaid = false;
  while (performance.now() - started < WAIT_MS) {
    const holder = await portHolder(pid, commandLine);
    if (holder === null || holder.pid === null || !(await isBeingAttachedTo(holder.pid))) return;
    if (!isSaid) onWait?.(holder.pid);
    isSaid = true;
    await pause(POLL_MS, undefined, { signal });
  }
}

/**
 * A capture of it holds a lock in this network namespace; a process that closes its inspector has its ID in
 * its arguments.
 */
async function isBeingAttachedTo(pid: number): Promise<boolean> {
  const sockets = await readFile('/proc/net/unix', 'latin1').catch(() => '');
  // The kernel shows the leading zero of an abstract name as @.
  if (sockets.includes(`@${captureLockName(pid)}-`)) return true;
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')).split('\0');
    if (words[0] === CLEANUP_PROGRAM && words.includes(String(pid))) return true;
  }
  return false;
}
