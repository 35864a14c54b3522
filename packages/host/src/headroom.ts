/**
 * Computes the headroom: how many bytes can still be used before the kernel intervenes. The tightest limit
 * counts, among this process's memory cgroup (v1 or v2), its ancestors, and the machine. Page cache that the
 * kernel can reclaim counts as free.
 */
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { cgroupsOf, readText } from './cgroups.js';
import { formatBytes } from './format.js';

/** All figures in bytes; `available` is never negative. */
export interface Headroom {
  limit: number;
  used: number;
  available: number;
  /** What set the limit, for messages: `cgroup /kubepods/pod1` or `this machine`. */
  source: string;
}

/**
 * A v1 limit of this size or more means no limit: the kernel reports the largest multiple of a page instead
 * of "max".
 */
const NO_LIMIT = 2 ** 60;

/**
 * Returns the headroom of a process under its tightest limit.
 * @param root the directory that contains `/proc` and the cgroup mounts; for tests. Default `/`.
 * @param pid the process whose cgroup counts; default: this process
 */
export async function readHeadroom(root = '/', pid: number | 'self' = 'self'): Promise<Headroom> {
  const [machine, cgroup] = await Promise.all([readMachine(root), readCgroupHeadroom(root, pid)]);
  return cgroup === null ? machine : tighter(machine, cgroup);
}

/**
 * Returns the headroom under the limits of the process's memory cgroup and its ancestors only; null if none
 * of them has a limit.
 */
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

/** Returns the figures for the message of a refusal. */
export function describeHeadroom({ limit, used, available, source }: Headroom): string {
  return `${formatBytes(available)} available (${source}: ${formatBytes(used)} used of ${formatBytes(limit)})`;
}

/**
 * For the image itself: pages that the target writes to meanwhile, the child's page tables, the collector.
 */
const CAPTURE_SHARE = 0.1;
const CAPTURE_BYTES = 64e6;

/**
 * Returns how many bytes a capture may need in addition to the target's own memory.
 * @param anonymous the target's anonymous memory in bytes
 */
export function captureNeedBytes(anonymous: number): number {
  return anonymous * CAPTURE_SHARE + CAPTURE_BYTES;
}

/**
 * Returns how many bytes a capture leaves free for the server's own next allocations. The reserve is doubled
 * while developing, because V8's snapshot generator grows by tens of megabytes between two checks.
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
  // Above memory.high the kernel slows down every process of the group, so that is a limit for a capture too.
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
  // Only this figure shows the limit of an ancestor that is not mounted here.
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
