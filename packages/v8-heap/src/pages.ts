/**
 * Finds the pages of V8's heap in memory: 256 KB each, or larger for a single large object. V8's postmortem
 * metadata does not describe a page's header (MemoryChunk in V8's source). So a page counts only if
 * everything in its header is consistent with its address.
 */
import { without, type MemoryReader } from './memory.js';

export interface HeapPage {
  /** Where objects begin, and the latest address where the last one ends. */
  start: number;
  end: number;
  /** Contains exactly one object. */
  isLarge: boolean;
  /** Size of the page in bytes. */
  size: number;
  /** Bytes of its objects, including those that no collection has freed yet. */
  used: number;
  /** Belongs to the young generation. */
  isYoung: boolean;
  /**
   * Belongs to the half of the young generation that is empty until the next scavenge: its contents are
   * leftovers.
   */
  isStale: boolean;
}

export const PAGE_BYTES = 1 << 18;
/** Every heap has pages of several spaces: what has fewer only looks like one. */
export const MIN_HEAP_PAGES = 3;

/** Positions of a header's fields, in words of 8 bytes. */
export interface HeaderLayout {
  /** For pages that only point to their metadata: the word with that pointer. */
  pointer: number | null;
  /** Position in the page itself. */
  flags: number;
  /** The page's own address. */
  self: number | null;
  size: number;
  heap: number;
  start: number;
  end: number;
  /** MemoryChunk::allocated_bytes_ of the old generation. */
  allocated: number;
  /** MemoryChunk::high_water_mark_: up to where the young generation was ever used, from the page's start. */
  highWater: number;
}

/** By the first version of V8 that has it. */
export const HEADER_LAYOUTS = {
  v11: {
    pointer: null,
    flags: 1,
    self: null,
    size: 0,
    heap: 2,
    start: 3,
    end: 4,
    allocated: 5,
    highWater: 7,
  },
  v12: { pointer: null, flags: 0, self: 1, size: 2, heap: 3, start: 4, end: 5, allocated: 6, highWater: 8 },
  v13: { pointer: 1, flags: 0, self: 1, size: 2, heap: 8, start: 9, end: 7, allocated: 3, highWater: 5 },
} satisfies Record<string, HeaderLayout>;
const LAYOUTS: HeaderLayout[] = Object.values(HEADER_LAYOUTS);
const HEADER_WORDS = 10;
/** Largest distance from a page's start to its first object. */
const MAX_HEADER_BYTES = 1 << 14;
/** Enough for 64 GB. */
const MAX_PLACES = 1 << 18;
/** Flag bits for the two halves of the young generation. */
export const FROM_PAGE = 1 << 3;
export const TO_PAGE = 1 << 4;
const WORD = 8;
/** Pages are mapped whole (VirtualMemory in V8's source), so each has a multiple of this many bytes. V8 13 makes some shorter ones. */
export const SYSTEM_PAGE_BYTES = 4096;
/** Larger than any array can be. */
export const MAX_PAGE_BYTES = 2 ** 40;

interface Header extends HeapPage {
  heap: number;
}

export interface Heap {
  /** Address of V8's Heap object. */
  address: number;
  pages: HeapPage[];
}

/**
 * Finds every heap: each worker thread has its own.
 * @throws {RangeError} if there is more memory than it searches
 */
export function findHeaps(memory: MemoryReader): Heap[] {
  const heaps = new Map<number, Heap>();
  const read = wordReader(memory);
  let places = 0;
  // malloc's memory can look like a page's header by chance, and V8 maps its pages elsewhere.
  const searched =
    memory.programBreak === null ? memory.regions : without(memory.regions, [memory.programBreak]);
  for (const { start, end } of searched) {
    let address = Math.ceil(start / PAGE_BYTES) * PAGE_BYTES;
    while (address + SYSTEM_PAGE_BYTES <= end) {
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

/** Tells whether the objects of a page lie where they can: from soon after its start to its end at most. */
export function holdsObjects({
  address,
  size,
  start,
  end,
}: Pick<HeapPage, 'size' | 'start' | 'end'> & { address: number }): boolean {
  return (
    start > address &&
    start <= address + MAX_HEADER_BYTES &&
    end > start &&
    end <= address + size &&
    start % WORD === 0 &&
    end % WORD === 0
  );
}

/**
 * Bytes of the objects of a page, by the words of its header. No page of the young generation counts them: at most what was ever used.
 */
export function usedBytes(
  header: ArrayLike<number | bigint>,
  layout: Pick<HeaderLayout, 'allocated' | 'highWater'>,
  {
    address,
    start,
    end,
    isYoung,
    isLarge,
    isStale,
  }: Pick<HeapPage, 'start' | 'end' | 'isYoung' | 'isLarge' | 'isStale'> & { address: number },
): number {
  if (isStale) return 0;
  const isCounted = isLarge || !isYoung;
  const bytes = isCounted
    ? Number(header[layout.allocated])
    : address + Number(header[layout.highWater]) - start;
  return Math.min(Math.max(bytes, 0), end - start);
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
      size >= (layout.self === null ? PAGE_BYTES : SYSTEM_PAGE_BYTES) &&
      size <= MAX_PAGE_BYTES &&
      size % SYSTEM_PAGE_BYTES === 0 &&
      heap !== 0 &&
      heap % WORD === 0 &&
      holdsObjects({ address, size, start, end });
    if (!agrees) continue;
    const isLarge = size > PAGE_BYTES;
    const flags = own[layout.flags] % 2 ** 32;
    const isFrom = (flags & FROM_PAGE) !== 0;
    // Large objects are not copied, so this flag only says that they are young.
    const isYoung = isFrom || (flags & TO_PAGE) !== 0;
    const bounds = { address, start, end, isYoung, isLarge, isStale: isFrom && !isLarge };
    return { ...bounds, size, heap, used: usedBytes(words, layout, bounds) };
  }
  return null;
}

function readAt(address: number, read: ReadWords): number[] | null {
  return address > 0 && address % WORD === 0 ? read(address) : null;
}
