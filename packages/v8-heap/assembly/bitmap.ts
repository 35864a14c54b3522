/** A bit for each word of the heap's copy, set where an object begins that is alive; and, once all are, their order. */
import { heapEnd, heapStart } from './pages';
import { reserve } from './room';

/** Bytes of the heap that one number of the ranks stands for: 64 words. */
const BLOCK_SHIFT: u32 = 9;

let bits: usize = 0;
let ranks: usize = 0;
export let aliveCount: u32 = 0;

export function reserveBits(): bool {
  bits = reserve(<u32>((heapEnd - heapStart) >> 6) + 8);
  return bits !== 0;
}

export function clearBits(): void {
  memory.fill(bits, 0, ((heapEnd - heapStart) >> 6) + 8);
}

/** Sets an object's bit; false where it was set already. */
export function setAlive(place: usize): bool {
  const word = bits + (((place - heapStart) >> BLOCK_SHIFT) << 3);
  const bit = (<u64>1) << ((place >> 3) & 63);
  const before = load<u64>(word);
  if ((before & bit) !== 0) return false;
  store<u64>(word, before | bit);
  return true;
}

export function isAlive(place: usize): bool {
  return ((load<u64>(bits + (((place - heapStart) >> BLOCK_SHIFT) << 3)) >> ((place >> 3) & 63)) & 1) !== 0;
}

/** Counts the objects that are alive, so that each has its number in the order of places. */
export function rankAlive(): bool {
  const blocks = <u32>((heapEnd - heapStart) >> BLOCK_SHIFT);
  ranks = reserve(4 * blocks + 4);
  if (ranks === 0) return false;
  let count: u32 = 0;
  for (let block: u32 = 0; block < blocks; block++) {
    store<u32>(ranks + 4 * block, count);
    count += <u32>popcnt<u64>(load<u64>(bits + 8 * block));
  }
  aliveCount = count;
  return true;
}

/** An object's number; it must be alive. */
export function rankOf(place: usize): u32 {
  const block = (place - heapStart) >> BLOCK_SHIFT;
  const below = (((<u64>1) << ((place >> 3) & 63)) - 1) & load<u64>(bits + (block << 3));
  return load<u32>(ranks + (block << 2)) + <u32>popcnt<u64>(below);
}

/** The first object that is alive at or after a place; the heap's end where there is none. */
export function nextAlive(place: usize): usize {
  let block = (place - heapStart) >> BLOCK_SHIFT;
  const blocks = (heapEnd - heapStart) >> BLOCK_SHIFT;
  if (block >= blocks) return heapEnd;
  let rest = load<u64>(bits + (block << 3)) & (u64.MAX_VALUE << ((place >> 3) & 63));
  while (rest === 0) {
    if (++block >= blocks) return heapEnd;
    rest = load<u64>(bits + (block << 3));
  }
  return heapStart + (block << BLOCK_SHIFT) + ((<usize>ctz<u64>(rest)) << 3);
}
