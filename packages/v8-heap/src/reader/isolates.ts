/** The isolates in an image: the main thread's, and one for each worker thread. */
import { findProgram } from '../image/loaded-program.js';
import type { ImageMemory } from '../image/image-memory.js';
import { firstEndingAfter, type Region } from '../memory.js';
import { objectLayout } from '../object-layout.js';
import { threadFacts, type ThreadFacts } from '../thread-facts.js';
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

/**
 * Finds all isolates, that of the main thread first, and the others by the numbers of their threads.
 * @throws {UnreadableHeapError}
 */
export function findIsolates(memory: ImageMemory): Isolate[] {
  return readStep(() => {
    const { heaps, readOnly } = findHeaps(memory);
    const program = findProgram(memory, memory.files);
    if (program === null) throw new UnreadableHeapError('no program in the image has V8 and its metadata');
    const layout = objectLayout(program.symbols);
    const isolates = heaps.slice(0, MAX_ISOLATES).map(({ address, pages, isMain }): Isolate => {
      const regions = { own: presentIn(memory, pages), readOnly: presentIn(memory, readOnly) };
      const facts = threadFacts(memory, layout, regions);
      return {
        ...facts,
        ...(isMain ? { threadId: 0 } : {}),
        isMain,
        heapAddress: address,
        usedBytes: pages.reduce((sum, { used }) => sum + used, 0),
        committedBytes: pages.reduce((sum, { size }) => sum + size, 0),
      };
    });
    const order = ({ threadId }: Isolate): number => threadId ?? Number.MAX_SAFE_INTEGER;
    return isolates.sort((a, b) => order(a) - order(b));
  });
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
