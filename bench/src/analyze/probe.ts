/** Preloaded into each reader: at its end, says on file descriptor 3 what it took. */
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** What a process took of the machine, all its threads together. */
export interface Usage {
  cpuMs: number;
  /** The most memory it ever had resident. */
  peakBytes: number;
}

if (isMainThread) process.on('exit', report);

function report(): void {
  const { user, system } = process.cpuUsage();
  const peakKb = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const usage: Usage = { cpuMs: (user + system) / 1000, peakBytes: peakKb * 1024 };
  writeSync(3, JSON.stringify(usage));
}
