/**
 * Whether Node.js itself takes a process's SIGUSR1s, or the application does. Node.js's own handler wakes a thread that
 * waits for nothing else, the only one that has all signals blocked (StartDebugSignalHandler in src/inspector_agent.cc
 * of Node); the application's does not. So it is known by how often that thread has waited (proc(5)).
 */
import { readdir, readFile } from 'node:fs/promises';

/** SIGHUP, SIGINT, SIGUSR1, SIGSEGV and SIGTERM: no other thread blocks them all. */
const ALL_BLOCKED = [1, 2, 10, 11, 15].reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);

/** A number that grows with each SIGUSR1 that Node.js takes; null where nothing tells. */
export async function signalsTaken(pid: number): Promise<number | null> {
  const directory = `/proc/${pid}/task`;
  const threads = (await readdir(directory).catch(() => [])).map(Number).sort((a, b) => a - b);
  for (const thread of threads) {
    const status = await readFile(`${directory}/${thread}/status`, 'latin1').catch(() => '');
    const blocked = BigInt(`0x${/^SigBlk:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
    const waits = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
    if ((blocked & ALL_BLOCKED) === ALL_BLOCKED && waits !== undefined) return Number(waits);
  }
  return null;
}
