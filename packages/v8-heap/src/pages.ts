/**
 * V8's heap as it lies in memory: pages of 256 KB, and larger ones for one large object each. What a page is, is told
 * by its header (MemoryChunk in V8's source), which V8's postmortem metadata says nothing of: so a page counts as one
 * only where all that its header says of itself agrees with where it lies.
 */
import type { MemoryReader } from './memory.js';

export interface HeapPage {
  /** Where objects begin, and where the last one ends at the latest. */
  start: number;
  end: number;
  /** It has one object, and no other. */
  isLarge: boolean;
  /** What it takes, in bytes. */
  size: number;
  /** It is of the young generation. */
  isYoung: boolean;
  /** It is of that half of it that is empty until the next scavenge: what lies there is left over. */
  isStale: boolean;
}

export const PAGE_BYTES = 1 << 18;

/** Where a header keeps what, in words of 8 bytes. */
interface HeaderLayout {
  /** Whether the page keeps no more of it than where it is: the word with that. */
  pointer: number | null;
  /** In the page itself. */
  flags: number;
  /** The page's own address. */
  self: number | null;
  size: number;
  heap: number;
  start: number;
  end: number;
}

const LAYOUTS: HeaderLayout[] = [
  // V8 11
  { pointer: null, flags: 1, self: null, size: 0, heap: 2, start: 3, end: 4 },
  // V8 12
  { pointer: null, flags: 0, self: 1, size: 2, heap: 3, start: 4, end: 5 },
  // V8 13 and 14
  { pointer: 1, flags: 0, self: 1, size: 2, heap: 8, start: 9, end: 7 },
];
const HEADER_WORDS = 10;
/** From a page to its first object. */
const MAX_HEADER_BYTES = 1 << 14;
/** Of 64 GB. */
const MAX_PLACES = 1 << 18;
/** Bits of the flags: of the two halves of the young generation. */
const FROM_PAGE = 1 << 3;
const TO_PAGE = 1 << 4;
const WORD = 8;

interface Header extends HeapPage {
  heap: number;
}

export interface Heap {
  /** Of V8's object for it. */
  address: number;
  pages: HeapPage[];
}

/**
 * Every heap there is: each worker thread has one of its own.
 * @throws {RangeError} where there is more memory than is looked through
 */
export function findHeaps(memory: MemoryReader): Heap[] {
  const heaps = new Map<number, Heap>();
  const read = wordReader(memory);
  let places = 0;
  for (const { start, end } of memory.regions) {
    let address = Math.ceil(start / PAGE_BYTES) * PAGE_BYTES;
    while (address + PAGE_BYTES <= end) {
      if (++places > MAX_PLACES) throw new RangeError('too much memory to look through');
      const page = memory.isResident(address) ? headerAt(address, read) : null;
      if (page !== null) {
        const found = heaps.get(page.heap);
        if (found === undefined) heaps.set(page.heap, { address: page.heap, pages: [page] });
        else found.pages.push(page);
      }
      address += Math.ceil((page?.size ?? PAGE_BYTES) / PAGE_BYTES) * PAGE_BYTES;
    }
  }
  return [...heaps.values()];
}

type ReadWords = (address: number) => number[] | null;

function wordReader(memory: MemoryReader): ReadWords {
  const bytes = Buffer.alloc(HEADER_WORDS * WORD);
  return (address) => {
    if (!memory.read(address, bytes)) return null;
    return Array.from(
      { length: HEADER_WORDS },
      (_, at) => bytes.readUInt32LE(at * WORD) + bytes.readUInt32LE(at * WORD + 4) * 2 ** 32,
    );
  };
}

function headerAt(address: number, read: ReadWords): Header | null {
  const own = read(address);
  if (own === null) return null;
  for (const layout of LAYOUTS) {
    const words = layout.pointer === null ? own : readAt(own[layout.pointer], read);
    if (words === null) continue;
    const [size, heap, start, end] = [layout.size, layout.heap, layout.start, layout.end].map(
      (at) => words[at],
    );
    const agrees =
      (layout.self === null || words[layout.self] === address) &&
      size >= PAGE_BYTES &&
      heap !== 0 &&
      start > address &&
      start <= address + MAX_HEADER_BYTES &&
      end > start &&
      end <= address + size &&
      start % WORD === 0 &&
      end % WORD === 0;
    if (!agrees) continue;
    const isLarge = size > PAGE_BYTES;
    const flags = own[layout.flags] % 2 ** 32;
    const isFrom = (flags & FROM_PAGE) !== 0;
    // A large object is not copied: its mark says no more than that it is young.
    return {
      start,
      end,
      isLarge,
      size,
      heap,
      isYoung: isFrom || (flags & TO_PAGE) !== 0,
      isStale: isFrom && !isLarge,
    };
  }
  return null;
}

function readAt(address: number, read: ReadWords): number[] | null {
  return address > 0 && address % WORD === 0 ? read(address) : null;
}
