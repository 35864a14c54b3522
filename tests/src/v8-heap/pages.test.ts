/** A page of the heap is told from memory that only looks like one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryReader } from '@afterimage/v8-heap/memory';
import { findHeaps, HEADER_LAYOUTS, PAGE_BYTES } from '@afterimage/v8-heap/pages';

const START = 4 * PAGE_BYTES;
const HEAP = 0x5000;

/** Two pages' worth of memory, of which the first begins with a header as V8 11's. */
function memoryWith({ size = PAGE_BYTES, heap = HEAP, inBreak = false }): MemoryReader {
  const words = new BigUint64Array((2 * PAGE_BYTES) / 8);
  const { v11 } = HEADER_LAYOUTS;
  words[v11.size] = BigInt(size);
  words[v11.heap] = BigInt(heap);
  words[v11.start] = BigInt(START + 0x118);
  words[v11.end] = BigInt(START + PAGE_BYTES);
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

for (const [what, how] of [
  ['whose size is not a multiple of the system’s pages', { size: PAGE_BYTES + 32 }],
  ['larger than any object', { size: 2 ** 41 }],
  ['of a heap at an odd address', { heap: HEAP + 1 }],
  ['in the memory of malloc', { inBreak: true }],
] as const)
  test(`a header ${what} is none`, () => {
    assert.deepEqual(findHeaps(memoryWith(how)), []);
  });
