/** Compares the pages that were found with what V8 counted when the image was taken. */
import { formatBytes } from '@afterimage/host/format';
import { isHeapOf } from './heap-facts.js';
import type { OpenHeap } from './open-heap.js';
import { UnreadableHeapError } from './unreadable-heap.js';

/** Bytes of a heap's old generation, as V8 counted them and as they were found. */
export interface CommittedPages {
  counted: number;
  found: number;
}

/** V8 has two semi-spaces, of which one has no objects; the others are not of this heap alone. */
const NOT_COMPARED = /^(new_space|new_large_object_space|read_only_space|shared_.*)$/;

/** V8 may have been about to free some. */
const MAX_APART_BYTES = 4 << 20;
const MAX_APART_SHARE = 0.02;

/** @throws {UnreadableHeapError} if pages are missing, or are too many */
export function checkCommitted(heap: OpenHeap): void {
  const committed = committedPages(heap);
  if (committed === null) return;
  const { counted, found } = committed;
  if (Math.abs(counted - found) <= MAX_APART_BYTES + counted * MAX_APART_SHARE) return;
  throw new UnreadableHeapError(
    `V8 counted ${formatBytes(counted)} of pages, and the reader finds ${formatBytes(found)}`,
  );
}

/** Null if the image does not say it of this heap: it says it of the one that captured. */
export function committedPages({ memory, pages, heapAddress }: OpenHeap): CommittedPages | null {
  const { heap } = memory.facts;
  if (heap === null || !isHeapOf(heap, heapAddress)) return null;
  const compared = heap.spaces.filter(({ name }) => !NOT_COMPARED.test(name));
  const counted = compared.reduce((sum, { size }) => sum + size, 0);
  const own = pages.filter(({ heap: of, isYoung }) => of === heapAddress && !isYoung);
  return { counted, found: own.reduce((sum, { size }) => sum + size, 0) };
}
