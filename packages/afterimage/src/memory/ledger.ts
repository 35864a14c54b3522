/**
 * Breaks down a process's resident memory, as far as /proc shows: each resident byte is in exactly one row.
 * Sends nothing to the process and does not stop it.
 */
import { readCgroupMemory, type CgroupMemory } from '@afterimage/host/process-figures';
import { CommandError } from '../cli/command-error.js';
import { readlink } from 'node:fs/promises';
import { findHeaps, PAGE_BYTES } from '@afterimage/v8-heap/pages';
import { openMemory } from '@afterimage/v8-heap/process-memory';
import { openResidency } from '@afterimage/v8-heap/residency';
import { readCandidate } from '../processes/candidate.js';
import { readMappings, type Mapping } from './mappings.js';

export type Part =
  'v8-heap' | 'native' | 'main-stack' | 'code' | 'binary' | 'mapped-files' | 'shared' | 'other';

/** The breakdown; sizes in bytes. */
export interface Ledger {
  pid: number;
  nodeVersion: string;
  /** The sum of the rows. */
  rss: number;
  rows: { part: Part; resident: number }[];
  /** Number of V8 heaps: one, plus one for each worker thread. */
  heaps: number;
  swapped: number;
  /** Figures of the container; null outside one. */
  cgroup: CgroupMemory | null;
}

const PARTS: Part[] = [
  'v8-heap',
  'native',
  'main-stack',
  'code',
  'binary',
  'mapped-files',
  'shared',
  'other',
];

/**
 * Reads the breakdown.
 * @throws {CommandError} `targetGone` or `refused`
 */
export async function memoryLedger(pid: number): Promise<Ledger> {
  const { nodeVersion } = await readCandidate(pid);
  if (nodeVersion === null)
    throw new CommandError(
      'refused',
      `process ${pid} does not run Node.js, or user id ${process.geteuid?.() ?? 0} cannot inspect it`,
    );
  try {
    const [mappings, cgroup, program] = await Promise.all([
      readMappings(pid),
      readCgroupMemory(pid),
      readlink(`/proc/${pid}/exe`),
    ]);
    const resident = new Map<Part, number>(PARTS.map((part) => [part, 0]));
    const add = (part: Part, bytes: number): void => {
      resident.set(part, (resident.get(part) ?? 0) + bytes);
    };
    for (const mapping of mappings) add(partOf(mapping, program), mapping.rss);
    const { bytes, heaps } = residentHeap(pid, mappings);
    // V8's pages are anonymous memory like malloc's, and were counted with it.
    const heap = Math.min(bytes, resident.get('native') ?? 0);
    add('v8-heap', heap);
    add('native', -heap);
    const rows = PARTS.map((part) => ({ part, resident: resident.get(part) ?? 0 }));
    return {
      pid,
      nodeVersion,
      rss: rows.reduce((sum, row) => sum + row.resident, 0),
      rows: rows.filter((row) => row.resident > 0),
      heaps,
      swapped: mappings.reduce((sum, { swap }) => sum + swap, 0),
      cgroup,
    };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH')
      throw new CommandError('targetGone', `process ${pid} has ended`);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new CommandError(
      'refused',
      `the memory of process ${pid} cannot be read (${code}): run this as its user or with sudo; nothing was sent to it`,
    );
  }
}

function partOf({ name, rights, isFile }: Mapping, program: string): Part {
  if (name === '[stack]') return 'main-stack';
  if (name === '[heap]') return 'native';
  if (name.startsWith('[anon_shmem') || name.startsWith('/dev/shm/') || name.startsWith('/memfd:'))
    return 'shared';
  if (name.startsWith('[anon')) return 'native';
  if (name.startsWith('[')) return 'other';
  if (isFile) {
    if (rights[3] === 's') return name.startsWith('/dev/zero') ? 'shared' : 'mapped-files';
    return name === program || LIBRARY.test(name) ? 'binary' : 'mapped-files';
  }
  return rights[2] === 'x' ? 'code' : 'native';
}

/**
 * Shared libraries and native addons, recognized by name, because /proc does not distinguish them from other
 * files.
 */
const LIBRARY = /\.(so(\.[\d.]+)?|node)( \(deleted\))?$/;

function residentHeap(pid: number, mappings: readonly Mapping[]): { bytes: number; heaps: number } {
  const memory = openMemory(pid);
  const residency = openResidency(pid);
  try {
    const heaps = findHeaps(memory);
    const found = heaps.map(({ pages }) => {
      let bytes = 0;
      for (const { start, size } of pages) {
        // A page begins with its header.
        const address = Math.floor(start / PAGE_BYTES) * PAGE_BYTES;
        // Other memory can look like a header; then the size is meaningless.
        if (isMapped(mappings, address, address + size)) bytes += residency.resident(address, address + size);
      }
      return bytes;
    });
    return {
      bytes: found.reduce((sum, bytes) => sum + bytes, 0),
      heaps: found.filter((bytes) => bytes > 0).length,
    };
  } finally {
    memory.close();
    residency.close();
  }
}

/**
 * Tells whether the whole range is mapped; the kernel may split what a program considers one mapping.
 * Mappings are in ascending order.
 */
function isMapped(mappings: readonly Mapping[], start: number, end: number): boolean {
  let low = 0;
  for (let high = mappings.length; low < high;) {
    const middle = (low + high) >> 1;
    if (mappings[middle].end > start) high = middle;
    else low = middle + 1;
  }
  let reached = start;
  for (let at = low; at < mappings.length && mappings[at].start <= reached; at++) {
    reached = mappings[at].end;
    if (reached >= end) return true;
  }
  return false;
}
