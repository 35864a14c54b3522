/**
 * Reads how much memory a single process uses from /proc. Returns zero if that cannot be read, for example
 * because the process has just ended.
 */
import { readFile } from 'node:fs/promises';

/** Returns the anonymous memory of a process in bytes. Cheap to read. */
export async function anonymousBytes(pid: number | 'self'): Promise<number> {
  return kilobytes(`/proc/${pid}/status`, /^RssAnon:\s+(\d+) kB/gm);
}

/**
 * Returns what a forked child costs in addition to its parent, in bytes: its page tables and the modified
 * pages that it does not share, which are its own and those that the parent has written to since the fork.
 * Unmodified pages are page cache.
 */
export async function privateBytes(pid: number): Promise<number> {
  const [pages, tables] = await Promise.all([
    kilobytes(`/proc/${pid}/smaps_rollup`, /^Private_(?:Dirty|Hugetlb):\s+(\d+) kB/gm),
    kilobytes(`/proc/${pid}/status`, /^VmPTE:\s+(\d+) kB/gm),
  ]);
  return pages + tables;
}

async function kilobytes(file: string, figure: RegExp): Promise<number> {
  const text = await readFile(file, 'latin1').catch(() => '');
  let sum = 0;
  for (const [, value] of text.matchAll(figure)) sum += Number(value) * 1024;
  return sum;
}
