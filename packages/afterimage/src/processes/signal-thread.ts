/**
 * Tells whether Node.js itself or the application handled a process's SIGUSR1. Node.js's own handler wakes a
 * dedicated thread, the only one with all signals blocked (StartDebugSignalHandler in src/inspector_agent.cc
 * of Node); the application's handler does not. So the number of that thread's waits shows it (proc(5)).
 */
import { orElse } from '@afterimage/host/errors';
import { readdir, readFile } from 'node:fs/promises';

/** SIGHUP, SIGINT, SIGUSR1, SIGSEGV and SIGTERM: no other thread blocks them all. */
const ALL_BLOCKED = [1, 2, 10, 11, 15].reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);

/** Returns a number that grows with each SIGUSR1 that Node.js handles; null if unknown. */
export async function signalsTaken(pid: number): Promise<number | null> {
  const directory = `/proc/${pid}/task`;
  const threads = (await readdir(directory).catch(orElse([]))).map(Number).sort((a, b) => a - b);
  for (const thread of threads) {
    const status = await readFile(`${directory}/${thread}/status`, 'latin1').catch(orElse(''));
    const blocked = BigInt(`0x${/^SigBlk:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
    const waits = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
    if ((blocked & ALL_BLOCKED) === ALL_BLOCKED && waits !== undefined) return Number(waits);
  }
  return null;
}
