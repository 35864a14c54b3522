/**
 * What a whole process takes, beyond what V8 knows of: threads, descriptors, and the memory that its container is
 * charged for. Read from /proc and the cgroup filesystem, so it works for any process one may look into.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupsOf, type Cgroup } from './cgroups.js';

/** Null where a figure cannot be read. */
export interface ProcessFigures {
  threads: number | null;
  /** Open file descriptors. */
  descriptors: number | null;
  /** The memory cgroup of the process; null where it is in none but the root. */
  cgroup: CgroupMemory | null;
}

/** In bytes. */
export interface CgroupMemory {
  /** All that the cgroup is charged for, page cache included. */
  usage: number;
  /** The tightest limit among the cgroup and its ancestors; null where there is none. */
  limit: number | null;
  /** Page cache: what the kernel can take back. */
  cache: number;
}

/** Never throws: a process that has ended has no figures. */
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
 * What the memory cgroup of a process is charged for; null where that cannot be read.
 * @throws where no descriptor or memory is left to read it with
 */
export async function readCgroupMemory(pid: number | 'self', root = '/'): Promise<CgroupMemory | null> {
  let own: CgroupMemory | null = null;
  for (const cgroup of await cgroupsOf(pid, 'memory', root)) {
    const { usage, limit, cache } = await memoryOf(cgroup);
    if (own === null) {
      // The root without a limit is the whole machine (in version 2 it has no such figure at all).
      if (usage !== null && (cgroup.path !== '/' || limit !== null)) own = { usage, limit, cache };
    } else if (limit !== null) own.limit = Math.min(limit, own.limit ?? limit);
  }
  return own;
}

/** From here on a version 1 limit means none: the kernel shows the largest multiple of a page. */
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
