/**
 * Memory cgroups of this machine, v1 or v2: their directories and file names. Nearly all machines have v2 by
 * now.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const mounted = '/sys/fs/cgroup';

/** Of the memory controller; undefined where there is none. */
export const cgroupVersion: 1 | 2 | undefined = existsSync(`${mounted}/memory/memory.limit_in_bytes`)
  ? 1
  : existsSync(`${mounted}/cgroup.controllers`)
    ? 2
    : undefined;

/** The cgroup that all memory cgroups are in. */
export const memoryRoot = cgroupVersion === 1 ? `${mounted}/memory` : mounted;

const names =
  cgroupVersion === 1
    ? { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', peak: 'memory.max_usage_in_bytes' }
    : { limit: 'memory.max', usage: 'memory.current', peak: 'memory.peak' };

export type MemoryFigure = keyof typeof names;

export function memoryFile(cgroup: string, figure: MemoryFigure): string {
  return join(cgroup, names[figure]);
}

/** Bytes. */
export function readMemory(cgroup: string, figure: MemoryFigure): number {
  const text = readFileSync(memoryFile(cgroup, figure), 'utf8').trim();
  return text === 'max' ? Infinity : Number(text);
}

/** @param bytes at or above what is used, or the kernel ends what is in it */
export function limitMemory(cgroup: string, bytes: number): void {
  writeFileSync(memoryFile(cgroup, 'limit'), String(bytes));
}

/**
 * @param parent a memory cgroup that no process is in itself
 * @returns its directory
 * @throws where this user may make none, or the memory controller is somebody else's
 */
export function makeMemoryCgroup(name: string, parent = memoryRoot): string {
  if (cgroupVersion === undefined) throw new Error(`there are no cgroups at ${mounted}`);
  const control = join(parent, 'cgroup.subtree_control');
  if (cgroupVersion === 2 && !readFileSync(control, 'utf8').split(/\s/).includes('memory')) {
    writeFileSync(control, '+memory');
  }
  const cgroup = join(parent, name);
  mkdirSync(cgroup);
  if (existsSync(memoryFile(cgroup, 'limit'))) return cgroup;
  rmdirSync(cgroup);
  throw new Error(`${parent} has no memory controller to hand on`);
}

/** The memory cgroup that a process is in: its directory. */
export function memoryCgroupOf(pid: number | 'self'): string {
  const line = cgroupVersion === 1 ? /^\d+:(?:\S+,)?memory(?:,\S+)?:(.*)$/m : /^0::(.*)$/m;
  return join(memoryRoot, line.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '/');
}
