/** A page of the heap is told from memory that only looks like one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryReader } from '@afterimage/v8-heap/memory';
import { findHeaps, HEADER_LAYOUTS, PAGE_BYTES, type HeaderLayout } from '@afterimage/v8-heap/pages';

const START = 4 * PAGE_BYTES;
const HEAP = 0x5000;

/** Memory that begins with a page's header. */
function memoryWith({
  size = PAGE_BYTES,
  heap = HEAP,
  inBreak = false,
  bytesThere = 2 * PAGE_BYTES,
  layout = HEADER_LAYOUTS.v11 as HeaderLayout,
}): MemoryReader {
  const words = new BigUint64Array(bytesThere / 8);
  if (layout.self !== null) words[layout.self] = BigInt(START);
  words[layout.size] = BigInt(size);
  words[layout.heap] = BigInt(heap);
  words[layout.start] = BigInt(START + 0x118);
  words[layout.end] = BigInt(START + Math.min(size, bytesThere));
  const bytes = new Uint8Array(words.buffer);
  const region = { start: START, end: START + bytes.length };
  return {
    regions: [region],
    programBreak: inBreak ? region : null,
    isResident: () => true,
    read: (address, into) => {
      if (address < START || address + into.length > region.end) return false;
      into.set(bytes.subarray(address - START, address - START + into.length));
      return true;
    },
    close: () => undefined,
  };
}

test('a header of the heap is found', () => {
  const found = findHeaps(memoryWith({})).map(({ address, pages }) => [address, pages.length]);
  assert.deepEqual(found, [[HEAP, 1]]);
});

test('a short page is found where its header has its address', () => {
  const short = { size: 0xc000, bytesThere: 0xc000 };
  const [found] = findHeaps(memoryWith({ ...short, layout: HEADER_LAYOUTS.v12 }));
  assert.equal(found?.pages[0]?.size, short.size);
  assert.deepEqual(findHeaps(memoryWith(short)), []);
});

for (const [what, how] of [
  ['whose size is not a multiple of the system’s pages', { size: PAGE_BYTES + 32 }],
  ['larger than any object', { size: 2 ** 41 }],
  ['of a heap at an odd address', { heap: HEAP + 1 }],
  ['in the memory of malloc', { inBreak: true }],
] as const)
  test(`a header ${what} is none`, () => {
    assert.deepEqual(findHeaps(memoryWith(how)), []);
  });
