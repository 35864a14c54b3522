/**
 * Pages of the heap, copied one after the other to addresses that are multiples of a page: an object is named by its
 * *place*, the address of its copy, and 0 is no object. A word of the image leads to a place only where it points
 * between the first object of a page and that page's end, so whatever an image says, nothing else is read.
 */
import { reserve, reserveAt } from './room';

const PAGE_SHIFT: u32 = 18;
const PAGE_BYTES: u32 = 1 << PAGE_SHIFT;

/**
 * Addresses have 47 bits: two levels of tables lead from one to its page. V8 puts pages anywhere, so that most need a
 * leaf of their own: leaves are small.
 */
const ADDRESS_BITS: u32 = 47;
const LEAF_BITS: u32 = 10;
const LEAVES: u32 = 1 << (ADDRESS_BITS - PAGE_SHIFT - LEAF_BITS);
const LEAF_BYTES: u32 = 4 << LEAF_BITS;

/** A page's record: bounds of its objects in the image, the way from there to its copy, and its flags. */
const START: usize = 0;
const END: usize = 8;
const DELTA: usize = 16;
const FLAGS: usize = 20;
const RECORD_BYTES: u32 = 24;
const MAX_PAGES: u32 = 1 << (32 - PAGE_SHIFT);

export const READ_ONLY: u32 = 1;
export const LARGE: u32 = 2;
export const YOUNG: u32 = 4;

/** Of arrays of words, and what is like them. */
const ARRAY_LENGTH: usize = 8;
export const ARRAY_DATA: usize = 16;

const noLeaf = memory.data(LEAF_BYTES);
const leaves = memory.data(4 * LEAVES);
/** The first stands for an address without a page: it begins after it ends. */
const records = memory.data(RECORD_BYTES * (MAX_PAGES + 1), 8);
/** The record of the page that a place is in, by the place's upper bits. */
const recordOfPlace = memory.data(4 * MAX_PAGES);

export let pageCount: u32 = 0;
/** Where the copies begin and end. */
export let heapStart: usize = 0;
export let heapEnd: usize = 0;

/** Makes room for the copies of all pages, in bytes; false when WebAssembly's memory cannot hold them. */
export function reserveHeap(bytes: u32): bool {
  for (let leaf: u32 = 0; leaf < LEAVES; leaf++) store<u32>(leaves + 4 * leaf, <u32>noLeaf);
  for (let entry: u32 = 0; entry < LEAF_BYTES; entry += 4) store<u32>(noLeaf + entry, <u32>records);
  store<u64>(records, u64.MAX_VALUE, START);
  heapStart = reserveAt(bytes, PAGE_BYTES);
  heapEnd = heapStart;
  return heapStart !== 0;
}

/**
 * Where to copy the page at an address to; 0 when it does not fit into what was reserved, or is no page.
 * @param size of the whole page in bytes, header included
 * @param start address of its first object
 * @param end address after its last
 */
export function addPage(address: u64, size: u32, start: u64, end: u64, flags: u32): usize {
  if (address >> ADDRESS_BITS !== 0 || (address & (PAGE_BYTES - 1)) !== 0) return 0;
  const pages = (size + PAGE_BYTES - 1) >> PAGE_SHIFT;
  if (pageCount === MAX_PAGES || pages === 0) return 0;
  const record = records + RECORD_BYTES * ++pageCount;
  const copy = heapEnd;
  store<u64>(record, start, START);
  store<u64>(record, end, END);
  store<u32>(record, <u32>copy - <u32>address, DELTA);
  store<u32>(record, flags, FLAGS);
  for (let page: u32 = 0; page < pages; page++) {
    const index = (address >> PAGE_SHIFT) + page;
    const leaf = ownLeaf(<u32>(index >> LEAF_BITS));
    if (leaf === 0) return 0;
    store<u32>(leaf + ((<usize>(index & ((1 << LEAF_BITS) - 1))) << 2), <u32>record);
    store<u32>(recordOfPlace + ((copy >> PAGE_SHIFT) + page) * 4, <u32>record);
  }
  heapEnd = copy + <usize>pages * PAGE_BYTES;
  return copy;
}

function ownLeaf(index: u32): usize {
  if (index >= LEAVES) return 0;
  const known = load<u32>(leaves + 4 * index);
  if (known !== <u32>noLeaf) return known;
  const leaf = reserve(LEAF_BYTES);
  if (leaf === 0) return 0;
  memory.copy(leaf, noLeaf, LEAF_BYTES);
  store<u32>(leaves + 4 * index, <u32>leaf);
  return leaf;
}

/** The place of the object that a tagged word points to, strongly or weakly; 0 where it points to none. */
export function placeOf(word: u64): usize {
  const index = word >> PAGE_SHIFT;
  if ((word & 1) === 0 || index >> (ADDRESS_BITS - PAGE_SHIFT) !== 0) return 0;
  const leaf = <usize>load<u32>(leaves + ((<usize>(index >> LEAF_BITS)) << 2));
  const record = <usize>load<u32>(leaf + ((<usize>(index & ((1 << LEAF_BITS) - 1))) << 2));
  const address = word & ~3;
  const isIn = address >= load<u64>(record, START) && address < load<u64>(record, END) && (address & 7) === 0;
  return isIn ? <usize>(<u32>address + load<u32>(record, DELTA)) : 0;
}

/** The record of the page that a place is in. */
export function pageOf(place: usize): usize {
  return load<u32>(recordOfPlace + (place >> PAGE_SHIFT) * 4);
}

export function pageAt(index: u32): usize {
  return records + RECORD_BYTES * (index + 1);
}

export function flagsOf(page: usize): u32 {
  return load<u32>(page, FLAGS);
}

/** The place of a page's first object. */
export function firstPlace(page: usize): usize {
  return <usize>(<u32>load<u64>(page, START) + load<u32>(page, DELTA));
}

/** The place after a page's last object. */
export function endOf(page: usize): usize {
  return <usize>(<u32>load<u64>(page, END) + load<u32>(page, DELTA));
}

/** As many words of an object, from `header` bytes on, as lie in its page. */
export function wordsIn(place: usize, header: usize, count: u32): u32 {
  const end = endOf(pageOf(place));
  const room = place + header < end ? (<u32>(end - place - header)) >> 3 : 0;
  return count < room ? count : room;
}

/** A small integer in a word: its upper half. */
export function smallIn(at: usize): u32 {
  return load<u32>(at, 4);
}

/** As many elements of an array as lie in its page. */
export function elementsIn(array: usize): u32 {
  return wordsIn(array, ARRAY_DATA, smallIn(array + ARRAY_LENGTH));
}

/** The address in the image that a place was copied from. */
export function addressOf(place: usize): u64 {
  const page = pageOf(place);
  return load<u64>(page, START) + (place - firstPlace(page));
}
