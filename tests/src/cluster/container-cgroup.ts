/** What the kernel's cgroups (v1 or v2) report about a container: its memory, its processes, its end. */
import { readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cgroupVersion,
  limitMemory,
  makeMemoryCgroup,
  memoryFile,
  memoryRoot,
  readMemory,
} from '../memory-cgroup.js';

/** All in bytes. */
export interface ContainerMemory {
  usage: number;
  /**
   * Usage without page cache that can be reclaimed at once, like the kubelet computes it before it evicts.
   */
  workingSet: number;
  /** The most that `usage` was, page cache included, since the start or since `resetMemoryPeak`. */
  peak: number;
  limit: number;
}

/** Undefined if containers can have a memory limit, otherwise the reason why not. */
export function cgroupsMissing(): string | undefined {
  try {
    rmdirSync(makeMemoryCgroup(`afterimage-probe-${process.pid}`));
    return undefined;
  } catch (error) {
    return `containers in tests need memory cgroups: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function memoryOf(name: string): ContainerMemory {
  const cgroup = directoryOf(name);
  const usage = readMemory(cgroup, 'usage');
  const inactive = cgroupVersion === 1 ? /^total_inactive_file (\d+)$/m : /^inactive_file (\d+)$/m;
  const [, inactiveFile] = inactive.exec(read(cgroup, 'memory.stat')) ?? [];
  return {
    usage,
    workingSet: Math.max(0, usage - Number(inactiveFile)),
    peak: peakOf(cgroup, usage),
    limit: readMemory(cgroup, 'limit'),
  };
}

export function limitMemoryOf(name: string, bytes: number): void {
  limitMemory(directoryOf(name), bytes);
}

export function resetMemoryPeak(name: string): void {
  const cgroup = directoryOf(name);
  if (cgroupVersion === 1) writeFileSync(memoryFile(cgroup, 'peak'), '0');
  else watchPeak(cgroup);
}

/** How often the kernel has killed one of its processes for lack of memory. */
export function oomKills(name: string): number {
  const file = cgroupVersion === 1 ? 'memory.oom_control' : 'memory.events';
  const [, kills] = /^oom_kill (\d+)$/m.exec(read(directoryOf(name), file)) ?? [];
  return Number(kills);
}

/** Pids, as the host counts them. */
export function processesOf(name: string): number[] {
  return read(directoryOf(name), 'cgroup.procs').split('\n').filter(Boolean).map(Number);
}

interface WatchedPeak {
  /** The kernel's peak when the watch began, and the highest usage seen since. */
  mark: number;
  seen: number;
}

const watchEveryMs = 5;
const watched = new Map<string, WatchedPeak>();

/**
 * Version 2 cannot reset the kernel's peak before Linux 6.12. Once it has risen it is exact; until then the
 * peak is below it, and the highest usage seen counts.
 */
function watchPeak(cgroup: string): void {
  const isWatched = watched.has(cgroup);
  const peak = { mark: readMemory(cgroup, 'peak'), seen: readMemory(cgroup, 'usage') };
  watched.set(cgroup, peak);
  if (isWatched) return;
  const timer = setInterval(() => {
    try {
      const latest = watched.get(cgroup) ?? peak;
      latest.seen = Math.max(latest.seen, readMemory(cgroup, 'usage'));
    } catch {
      clearInterval(timer); // the container is gone
      watched.delete(cgroup);
    }
  }, watchEveryMs);
  timer.unref();
}

function peakOf(cgroup: string, usage: number): number {
  const mark = readMemory(cgroup, 'peak');
  const watch = watched.get(cgroup);
  return watch === undefined || mark > watch.mark ? mark : Math.max(watch.seen, usage);
}

function read(cgroup: string, file: string): string {
  return readFileSync(join(cgroup, file), 'utf8');
}

function directoryOf(name: string): string {
  return join(memoryRoot, name);
}
