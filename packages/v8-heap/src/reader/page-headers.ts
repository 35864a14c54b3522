/**
 * Pages of every space of a heap, also those that have no heap of their own (read-only space) or are shorter than
 * usual: a page counts as one where all that its header says of itself agrees with where it lies.
 */
import { WORD, type MemoryWords } from '../image/memory-words.js';
import type { PageHeaderLayout } from '../layouts/version.js';
import type { Region } from '../memory.js';
import {
  FROM_PAGE,
  holdsObjects,
  MAX_PAGE_BYTES,
  PAGE_BYTES,
  SYSTEM_PAGE_BYTES,
  TO_PAGE,
  usedBytes,
} from '../pages.js';

export interface FoundPage {
  address: number;
  /** In bytes, header included. */
  size: number;
  /** Of its first object, and after its last. */
  start: number;
  end: number;
  /** Address of V8's object for the heap; 0 in read-only space, which all heaps share. */
  heap: number;
  isReadOnly: boolean;
  /** It has one object, and no other. */
  isLarge: boolean;
  /** It is of that half of the young generation that is empty until the next scavenge. */
  isStale: boolean;
  /** It is of the other half: after the last object on it, or behind the last page in use, old ones may lie. */
  isYoung: boolean;
  /** Bytes of its objects, including those that no collection has freed yet. */
  used: number;
}

const HEADER_WORDS = 12;

export function findPages(
  words: MemoryWords,
  contents: readonly Region[],
  layout: PageHeaderLayout,
): FoundPage[] {
  const pages: FoundPage[] = [];
  let next = 0;
  for (const { start, end } of contents) {
    let address = Math.max(Math.ceil(start / PAGE_BYTES) * PAGE_BYTES, next);
    while (address + SYSTEM_PAGE_BYTES <= end) {
      const page = pageAt(words, address, layout);
      if (page !== null) pages.push(page);
      address += Math.ceil((page?.size ?? PAGE_BYTES) / PAGE_BYTES) * PAGE_BYTES;
    }
    next = address;
  }
  return pages;
}

function pageAt(words: MemoryWords, address: number, layout: PageHeaderLayout): FoundPage | null {
  const own = words.words(address, 2);
  if (own === null) return null;
  const headerAt = layout.pointer === null ? address : Number(own[layout.pointer]);
  if (headerAt < SYSTEM_PAGE_BYTES || headerAt % WORD !== 0) return null;
  const header = words.words(headerAt, HEADER_WORDS);
  if (header === null) return null;
  const heap = Number(header[layout.heap]);
  const page = heap === 0 ? readOnlyPage(header, address, layout) : ownPage(header, address, layout);
  if (page === null || page.size < SYSTEM_PAGE_BYTES || page.size > MAX_PAGE_BYTES || !holdsObjects(page))
    return null;
  const isLarge = page.size > PAGE_BYTES;
  // A large object is not copied: its mark says no more than that it is young.
  const isStale = (own[layout.flags] & BigInt(FROM_PAGE)) !== 0n && !isLarge;
  const isYoung = (own[layout.flags] & BigInt(TO_PAGE)) !== 0n;
  const found = { ...page, heap, isReadOnly: heap === 0, isLarge, isStale, isYoung };
  return { ...found, used: usedBytes(header, layout, found) };
}

type Bounds = Pick<FoundPage, 'address' | 'size' | 'start' | 'end'>;

function ownPage(header: BigUint64Array, address: number, layout: PageHeaderLayout): Bounds | null {
  if (layout.self !== null && Number(header[layout.self]) !== address) return null;
  const [size, start, end] = [layout.size, layout.start, layout.end].map((at) => Number(header[at]));
  return { address, size, start, end };
}

/** Read-only space is made out of a snapshot: its pages end with their last object, and may not know themselves. */
function readOnlyPage(header: BigUint64Array, address: number, layout: PageHeaderLayout): Bounds | null {
  const [start, end] = [layout.start, layout.end].map((at) => Number(header[at]));
  if (start - address > SYSTEM_PAGE_BYTES || end > address + PAGE_BYTES) return null;
  const used = layout.readOnlyBytes === null ? end - start : Number(header[layout.readOnlyBytes]);
  return { address, size: end - address, start, end: start + used };
}
