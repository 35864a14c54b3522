/**
 * Follows the memory of a cgroup closely enough to see a short peak. Without a cgroup it follows that of the
 * machine, which other programs move too.
 */
import { readFileSync } from 'node:fs';
import type { Cgroup, MemoryReading } from '../capture/cgroup.js';

/** Peaks over the readings at the last `restart`, in bytes. */
export interface ExtraMemory {
  workingSet: number;
  anonymous: number;
}

export interface MemorySampler {
  restart(): void;
  extra(): ExtraMemory;
  /** The highest working set since the last `restart`, in bytes. */
  peak(): number;
  stop(): void;
}

const EVERY_MS = 20;

export function startMemorySampler(cgroup: Cgroup | undefined): MemorySampler {
  const read = (): MemoryReading => cgroup?.memory() ?? machine();
  let base = read();
  let highest = { ...base };
  const timer = setInterval(() => {
    const now = read();
    highest.workingSet = Math.max(highest.workingSet, now.workingSet);
    highest.anonymous = Math.max(highest.anonymous, now.anonymous);
  }, EVERY_MS);
  return {
    restart: () => {
      base = read();
      highest = { ...base };
    },
    extra: () => ({
      workingSet: highest.workingSet - base.workingSet,
      anonymous: highest.anonymous - base.anonymous,
    }),
    peak: () => highest.workingSet,
    stop: () => clearInterval(timer),
  };
}

function machine(): MemoryReading {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  const used = bytes('MemTotal') - bytes('MemAvailable');
  return { usage: used, workingSet: used, anonymous: bytes('AnonPages') };
}
