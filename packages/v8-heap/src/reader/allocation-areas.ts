/**
 * What a thread has reserved for its next objects, but not used yet: LinearAllocationArea in V8, of the young and of the old
 * generation. On a page that another heap had before, the objects of that one still lie there.
 */
import { WORD, type MemoryWords } from '../image/memory-words.js';
import type { CompiledHeap } from './compiled-heap.js';
import type { FoundPage } from './page-headers.js';
import type { RootsTable } from './roots.js';

/** Where the isolate has them, before its roots table, at most. */
const BYTES_BEFORE_ROOTS = 1 << 10;

interface Heap {
  compiled: CompiledHeap;
  words: MemoryWords;
  pages: readonly FoundPage[];
  roots: RootsTable;
}

/** Clears them in the reader's copy. */
export function clearUnusedAreas({ compiled, words, pages, roots }: Heap): void {
  const isolate = words.words(roots.address - BYTES_BEFORE_ROOTS, BYTES_BEFORE_ROOTS / WORD) ?? [];
  for (let at = 0; at + 2 < isolate.length; at++) {
    const [start, top, limit] = [isolate[at], isolate[at + 1], isolate[at + 2]].map(Number);
    const isArea =
      start !== 0 && start <= top && top < limit && [start, top, limit].every((each) => each % WORD === 0);
    const page = isArea ? pages.find((each) => start >= each.start && limit <= each.end) : undefined;
    const place = page === undefined ? 0 : compiled.placeOf(BigInt(top) | 1n) >>> 0;
    if (place !== 0) compiled.bytes(place, limit - top).fill(0);
  }
}
