/**
 * Headroom: how many bytes may still be used before the kernel steps in. The tightest limit counts, among the
 * memory cgroup of this process (v2 or v1), all its ancestors, and the machine. Page cache that the kernel can
 * take back counts as free.
 */
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { cgroupsOf, readText } from './cgroups.js';
import { formatBytes } from './format.js';

/** All in bytes; `available` is never negative. */
export interface Headroom {
  limit: number;
  used: number;
  available: number;
  /** What set the limit, for a message: `cgroup /kubepods/pod1` or `this machine`. */
  source: string;
}

/** From here on a v1 limit means none: the kernel shows the largest multiple of a page instead of "max". */
const NO_LIMIT = 2 ** 60;

/**
 * @param root the directory under which `/proc` and the cgroup mounts are found; for tests. Default `/`.
 * @param pid the process whose cgroup it is; this one by default
 */
export async function readHeadroom(root = '/', pid: number | 'self' = 'self'): Promise<Headroom> {
  const [machine, cgroup] = await Promise.all([readMachine(root), readCgroupHeadroom(root, pid)]);
  return cgroup === null ? machine : tighter(machine, cgroup);
}

/** The same by its memory cgroup and the ancestors of that alone; null where none of them has a limit. */
export async function readCgroupHeadroom(
  root = '/',
  pid: number | 'self' = 'self',
): Promise<Headroom | null> {
  const [first, ...others] = await readCgroups(root, pid);
  return first === undefined ? null : others.reduce(tighter, first);
}

function tighter(one: Headroom, other: Headroom): Headroom {
  return other.available < one.available ? other : one;
}

/** The part of a refusal's message that gives the figures. */
export function describeHeadroom({ limit, used, available, source }: Headroom): string {
  return `${formatBytes(available)} available (${source}: ${formatBytes(used)} used of ${formatBytes(limit)})`;
}

/** The image itself: pages that the target writes to meanwhile, the child's tables, the collector. */
const CAPTURE_SHARE = 0.1;
const CAPTURE_BYTES = 64e6;

/** What capturing an image may take beside the target's own memory, in bytes; `anonymous` is what that is. */
export function captureNeedBytes(anonymous: number): number {
  return anonymous * CAPTURE_SHARE + CAPTURE_BYTES;
}

/**
 * What a capture leaves untouched for the server's own next allocations, in bytes. More while developing: V8's
 * generator grows by tens of megabytes from one look to the next.
 */
export function reserveBytes(limit: number, developing = true): number {
  return Math.min(Math.max(limit * 0.03, 32e6), 256e6) * (developing ? 2 : 1);
}

async function readMachine(root: string): Promise<Headroom> {
  const source = 'this machine';
  const text = await readText(join(root, 'proc/meminfo'));
  const total = /^MemTotal:\s+(\d+) kB/m.exec(text ?? '')?.[1];
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(text ?? '')?.[1];
  const limit = total === undefined ? totalmem() : Number(total) * 1024;
  const free = available === undefined ? freemem() : Number(available) * 1024;
  return { limit, used: limit - free, available: free, source };
}

async function readCgroups(root: string, pid: number | 'self'): Promise<Headroom[]> {
  const found: Headroom[] = [];
  for (const { version, directory, path } of await cgroupsOf(pid, 'memory', root)) {
    const headroom = version === 2 ? await readV2(directory) : await readV1(directory);
    if (headroom !== null) found.push({ ...headroom, source: `cgroup ${path}` });
  }
  return found;
}

type Limited = Omit<Headroom, 'source'>;

async function readV2(directory: string): Promise<Limited | null> {
  const [max, high, current, statistics] = await Promise.all(
    ['memory.max', 'memory.high', 'memory.current', 'memory.stat'].map((name) =>
      readText(join(directory, name)),
    ),
  );
  // Above memory.high the kernel slows every process of the group down: no place for a capture either.
  return limited(
    Math.min(parseLimit(max), parseLimit(high)),
    current,
    /^inactive_file (\d+)/m.exec(statistics ?? ''),
  );
}

async function readV1(directory: string): Promise<Limited | null> {
  const [max, current, statistics] = await Promise.all(
    ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'memory.stat'].map((name) =>
      readText(join(directory, name)),
    ),
  );
  // The limit of an ancestor that is not mounted here shows up in this figure alone.
  const hierarchical = /^hierarchical_memory_limit (\d+)/m.exec(statistics ?? '')?.[1];
  const limit = Math.min(parseLimit(max), parseLimit(hierarchical));
  return limited(limit, current, /^total_inactive_file (\d+)/m.exec(statistics ?? ''));
}

function parseLimit(text: string | null | undefined): number {
  const limit = text === null || text === undefined || text.trim() === 'max' ? Infinity : Number(text);
  return limit < NO_LIMIT ? limit : Infinity;
}

function limited(
  limit: number,
  current: string | null | undefined,
  cache: RegExpExecArray | null,
): Limited | null {
  if (limit === Infinity || current === null || current === undefined) return null;
  const used = Math.max(0, Number(current) - Number(cache?.[1] ?? 0));
  return { limit, used, available: Math.max(0, limit - used) };
}
