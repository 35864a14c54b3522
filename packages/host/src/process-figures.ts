/**
 * Reads what a process uses in addition to V8's heap: threads, descriptors, and the memory that its cgroup is
 * charged for. The figures come from /proc and the cgroup file system, so they are available for any process
 * that may be inspected.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupsOf, type Cgroup } from './cgroups.js';

/** Figures of a process; null for each that cannot be read. */
export interface ProcessFigures {
  threads: number | null;
  /** Number of open file descriptors. */
  descriptors: number | null;
  /** The memory cgroup of the process; null if it is only in the root cgroup. */
  cgroup: CgroupMemory | null;
}

/** Figures of a memory cgroup, in bytes. */
export interface CgroupMemory {
  /** Everything that the cgroup is charged for, page cache included. */
  usage: number;
  /** The tightest limit among the cgroup and its ancestors; null if there is none. */
  limit: number | null;
  /** Page cache, which the kernel can reclaim. */
  cache: number;
}

/** Reads the figures of a process. Never throws: all figures of a process that has ended are null. */
export async function readProcessFigures(pid: number | 'self', root = '/'): Promise<ProcessFigures> {
  const [status, descriptors, cgroup] = await Promise.all([
    readFile(join(root, `proc/${pid}/status`), 'latin1').catch(() => ''),
    readdir(join(root, `proc/${pid}/fd`)).catch(() => null),
    readCgroupMemory(pid, root).catch(() => null),
  ]);
  const threads = /^Threads:\s+(\d+)/m.exec(status)?.[1];
  return {
    threads: threads === undefined ? null : Number(threads),
    descriptors: descriptors === null ? null : descriptors.length,
    cgroup,
  };
}

/**
 * Returns what the memory cgroup of a process is charged for; null if that cannot be read.
 * @throws if no descriptor or memory is left for reading
 */
export async function readCgroupMemory(pid: number | 'self', root = '/'): Promise<CgroupMemory | null> {
  let own: CgroupMemory | null = null;
  for (const cgroup of await cgroupsOf(pid, 'memory', root)) {
    const { usage, limit, cache } = await memoryOf(cgroup);
    if (own === null) {
      // A root without a limit is the whole machine (and in version 2 it does not have this figure).
      if (usage !== null && (cgroup.path !== '/' || limit !== null)) own = { usage, limit, cache };
    } else if (limit !== null) own.limit = Math.min(limit, own.limit ?? limit);
  }
  return own;
}

/**
 * A version 1 limit of this size or more means no limit: the kernel reports the largest multiple of a page.
 */
const NO_LIMIT = 2 ** 60;

async function memoryOf({ version, directory }: Cgroup): Promise<{
  usage: number | null;
  limit: number | null;
  cache: number;
}> {
  const names =
    version === 2
      ? ['memory.current', 'memory.max', 'memory.stat']
      : ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'memory.stat'];
  const [usage, limit, statistics] = await Promise.all(
    names.map((name) => readFile(join(directory, name), 'latin1').catch(() => null)),
  );
  const cache = (version === 2 ? /^file (\d+)/m : /^total_cache (\d+)/m).exec(statistics ?? '')?.[1];
  const bound = limit == null || limit.trim() === 'max' ? Infinity : Number(limit);
  return {
    usage: usage == null ? null : Number(usage),
    limit: bound < NO_LIMIT ? bound : null,
    cache: Number(cache ?? 0),
  };
}
