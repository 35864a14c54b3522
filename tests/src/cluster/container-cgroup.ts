/** What the kernel's cgroups (version 1) say of a container: its memory, its processes, its end. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const controllers = '/sys/fs/cgroup';

/** All in bytes. */
export interface ContainerMemory {
  usage: number;
  /** Usage without the page cache that can go at once, as the kubelet reckons before it evicts. */
  workingSet: number;
  /** The most that `usage` was, page cache included, since the start or since `resetMemoryPeak`. */
  peak: number;
  limit: number;
}

/** Undefined where containers can have a memory limit, otherwise what stands against it. */
export function cgroupsMissing(): string | undefined {
  if (existsSync(`${controllers}/memory/memory.limit_in_bytes`)) return undefined;
  return `containers in tests need the memory cgroup of version 1 at ${controllers}/memory`;
}

export function memoryOf(cgroup: string): ContainerMemory {
  const usage = Number(read(cgroup, 'memory.usage_in_bytes'));
  const [, inactiveFile] = /^total_inactive_file (\d+)$/m.exec(read(cgroup, 'memory.stat')) ?? [];
  return {
    usage,
    workingSet: Math.max(0, usage - Number(inactiveFile)),
    peak: Number(read(cgroup, 'memory.max_usage_in_bytes')),
    limit: Number(read(cgroup, 'memory.limit_in_bytes')),
  };
}

export function resetMemoryPeak(cgroup: string): void {
  writeFileSync(fileOf(cgroup, 'memory.max_usage_in_bytes'), '0');
}

/** How often the kernel has killed a process of it for want of memory. */
export function oomKills(cgroup: string): number {
  const [, kills] = /^oom_kill (\d+)$/m.exec(read(cgroup, 'memory.oom_control')) ?? [];
  return Number(kills);
}

/** Pids, as the host counts them. */
export function processesOf(cgroup: string): number[] {
  return read(cgroup, 'cgroup.procs').split('\n').filter(Boolean).map(Number);
}

function read(cgroup: string, file: string): string {
  return readFileSync(fileOf(cgroup, file), 'utf8');
}

function fileOf(cgroup: string, file: string): string {
  return `${controllers}/memory/${cgroup}/${file}`;
}
