/** Compares the pages that were found with what V8 counted when the image was taken. */
import { isHeapOf } from './heap-facts.js';
import type { OpenHeap } from './open-heap.js';

/** Bytes of a heap's old generation, as V8 counted them and as they were found. */
export interface CommittedPages {
  counted: number;
  found: number;
}

/** V8 has two semi-spaces, of which one has no objects; the others are not of this heap alone. */
const NOT_COMPARED = /^(new_space|new_large_object_space|read_only_space|shared_.*)$/;

/** Null if the image does not say it of this heap: it says it of the one that captured. */
export function committedPages({ memory, pages, heapAddress }: OpenHeap): CommittedPages | null {
  const { heap } = memory.facts;
  if (heap === null || !isHeapOf(heap, heapAddress)) return null;
  const compared = heap.spaces.filter(({ name }) => !NOT_COMPARED.test(name));
  const counted = compared.reduce((sum, { size }) => sum + size, 0);
  const own = pages.filter(({ heap: of, isYoung }) => of === heapAddress && !isYoung);
  return { counted, found: own.reduce((sum, { size }) => sum + size, 0) };
}
