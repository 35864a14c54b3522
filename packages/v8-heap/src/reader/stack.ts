/** The stack of the main thread, as it was captured. */
import type { ImageMemory } from '../image/image-memory.js';
import { WORD, type MemoryWords } from '../image/memory-words.js';

/** Linux gives a main thread 8 MB, unless it is told otherwise. */
const MAX_STACK_BYTES = 64 << 20;

/** Every word in use: what points to an object may be a reference. */
export function stackWords({ contents, stackPointer }: ImageMemory, words: MemoryWords): BigUint64Array {
  const none = new BigUint64Array(0);
  if (stackPointer === null) return none;
  const stack = contents.find(({ start, end }) => stackPointer >= start && stackPointer < end);
  if (stack === undefined) return none;
  const from = stackPointer - (stackPointer % WORD);
  const bytes = Math.min(stack.end - from, MAX_STACK_BYTES);
  return words.words(from, Math.floor(bytes / WORD)) ?? none;
}

/** How many words of the stack point to within so many bytes of each address, and to none of the others more nearly. */
export function countNear(
  stack: BigUint64Array,
  addresses: readonly number[],
  bytes: number,
): Map<number, number> {
  const counts = new Map(addresses.map((address) => [address, 0]));
  for (const word of stack) {
    const value = Number(word);
    let nearest = -1;
    for (const address of addresses)
      if (Math.abs(value - address) < (nearest < 0 ? bytes : Math.abs(value - nearest))) nearest = address;
    if (nearest >= 0) counts.set(nearest, (counts.get(nearest) ?? 0) + 1);
  }
  return counts;
}
