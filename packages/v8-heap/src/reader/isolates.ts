/** The isolates in an image: the main thread's, and one for each worker thread. */
import { findProgram } from '../image/loaded-program.js';
import type { ImageMemory } from '../image/image-memory.js';
import { firstEndingAfter, type Region } from '../memory.js';
import { objectLayout, type ObjectLayout } from '../object-layout.js';
import { threadFacts, UNKNOWN_THREAD, type ThreadFacts } from '../thread-facts.js';
import { findHeaps } from './open-heap.js';
import type { FoundPage } from './page-headers.js';
import { readStep, UnreadableHeapError } from './unreadable-heap.js';

export interface Isolate extends ThreadFacts {
  /** Of V8's object for its heap: what `openHeap` takes. */
  heapAddress: number;
  isMain: boolean;
  /** Bytes of objects, including those that no collection has freed yet. */
  usedBytes: number;
  /** Bytes of pages. */
  committedBytes: number;
}

/** More than a process has threads of JavaScript: what else looks like a heap is not examined. */
const MAX_ISOLATES = 1024;
/** The main thread is known by its stack: a larger heap, or one without others, is not searched for its script alone. */
const MAX_MAIN_BYTES = 64 << 20;

/**
 * Finds all isolates, that of the main thread first, and the others by the numbers of their threads.
 * @throws {UnreadableHeapError}
 */
export function findIsolates(memory: ImageMemory): Isolate[] {
  return readStep(() => {
    const { heaps, readOnly } = findHeaps(memory);
    const hasWorkers = heaps.length > 1;
    const layout = hasWorkers ? layoutIn(memory) : null;
    const isolates = heaps.slice(0, MAX_ISOLATES).map(({ address, pages, isMain }): Isolate => {
      const committedBytes = pages.reduce((sum, { size }) => sum + size, 0);
      const isSearched = !isMain || committedBytes <= MAX_MAIN_BYTES;
      const regions = { own: presentIn(memory, pages), readOnly: presentIn(memory, readOnly) };
      return {
        ...(isSearched && layout !== null ? threadFacts(memory, layout, regions) : UNKNOWN_THREAD),
        ...(isMain ? { threadId: 0 } : {}),
        isMain,
        heapAddress: address,
        usedBytes: pages.reduce((sum, { used }) => sum + used, 0),
        committedBytes,
      };
    });
    const order = ({ threadId }: Isolate): number => threadId ?? Number.MAX_SAFE_INTEGER;
    return isolates.sort((a, b) => order(a) - order(b));
  });
}

function layoutIn(memory: ImageMemory): ObjectLayout {
  const program = findProgram(memory, memory.files);
  if (program === null) throw new UnreadableHeapError('no program in the image has V8 and its metadata');
  return objectLayout(program.symbols);
}

/** What of the objects of pages is in an image. */
function presentIn({ contents }: ImageMemory, pages: readonly FoundPage[]): Region[] {
  return pages.flatMap(({ start, end, isStale }) => {
    const parts: Region[] = [];
    for (let at = firstEndingAfter(contents, start); at < contents.length && contents[at].start < end; at++)
      if (!isStale)
        parts.push({ start: Math.max(contents[at].start, start), end: Math.min(contents[at].end, end) });
    return parts;
  });
}
