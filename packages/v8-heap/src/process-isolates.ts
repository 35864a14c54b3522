/** The isolates of a running process, read from outside: how large the heap of each is, and which thread it belongs to. */
import { UnknownLayoutError, objectLayout, type ObjectLayout } from './object-layout.js';
import { findHeaps, MIN_HEAP_PAGES, type Heap } from './pages.js';
import { openMemory, type ProcessMemory } from './process-memory.js';
import { readPostmortemSymbols } from './symbols.js';
import { threadFacts, type ThreadFacts } from './thread-facts.js';

export interface LiveIsolate extends ThreadFacts {
  /** Bytes of objects, including those that no collection has freed yet. */
  usedBytes: number;
  /** Bytes of pages. */
  committedBytes: number;
}

/** Of the pages of a heap and of read-only space, which are searched a few times for what they say of the thread. */
const MAX_SEARCHED_BYTES = 512 << 20;
/** Of the main thread's, which is known by its place. */
const MAX_MAIN_BYTES = 64 << 20;
const MAX_READ_ONLY_BYTES = 16 << 20;
const MAX_ISOLATES = 256;

/**
 * Lists them, that of the main thread first, and the others by the numbers of their threads.
 * @param nodeFiles the files that the process runs: its executable and, if Node.js is a shared library, that library
 * @returns null if its memory cannot be read, or is not understood
 */
export async function processIsolates(
  pid: number,
  nodeFiles: readonly string[],
): Promise<LiveIsolate[] | null> {
  let memory: ProcessMemory | null = null;
  try {
    const layout = await layoutIn(nodeFiles);
    if (layout === null) return null;
    memory = openMemory(pid);
    return isolatesIn(memory, layout);
  } catch (error) {
    if (error instanceof UnknownLayoutError || error instanceof RangeError || 'code' in (error as object))
      return null;
    throw error;
  } finally {
    memory?.close();
  }
}

/**
 * Counts them, by the headers of their pages alone.
 * @returns null if its memory cannot be read
 */
export function countIsolates(pid: number): number | null {
  let memory: ProcessMemory | null = null;
  try {
    memory = openMemory(pid);
    return heapsIn(memory).length;
  } catch {
    return null; // it has ended, belongs to another user, or has more memory than is searched
  } finally {
    memory?.close();
  }
}

async function layoutIn(files: readonly string[]): Promise<ObjectLayout | null> {
  for (const file of files) {
    const symbols = await readPostmortemSymbols(file);
    if (symbols.size > 0) return objectLayout(symbols);
  }
  return null;
}

function heapsIn(memory: ProcessMemory): Heap[] {
  return findHeaps(memory).filter(({ pages }) => pages.length >= MIN_HEAP_PAGES);
}

function isolatesIn(memory: ProcessMemory, layout: ObjectLayout): LiveIsolate[] {
  const { programBreak } = memory;
  const readOnly = upTo(MAX_READ_ONLY_BYTES, memory.readOnly);
  const isolates = heapsIn(memory)
    .slice(0, MAX_ISOLATES)
    .map(({ address, pages }): LiveIsolate => {
      const isMain = programBreak !== null && address >= programBreak.start && address < programBreak.end;
      const own = upTo(
        isMain ? MAX_MAIN_BYTES : MAX_SEARCHED_BYTES,
        pages.filter(({ isStale }) => !isStale),
      );
      return {
        ...threadFacts(memory, layout, { own, readOnly }),
        ...(isMain ? { threadId: 0 } : {}),
        usedBytes: pages.reduce((sum, { used }) => sum + used, 0),
        committedBytes: pages.reduce((sum, { size }) => sum + size, 0),
      };
    });
  const order = ({ threadId }: LiveIsolate): number => threadId ?? Number.MAX_SAFE_INTEGER;
  return isolates.sort((a, b) => order(a) - order(b));
}

/** The first of regions that are not more bytes than that together. */
function upTo<T extends { start: number; end: number }>(most: number, regions: readonly T[]): T[] {
  let bytes = 0;
  return regions.filter(({ start, end }) => (bytes += end - start) <= most);
}
