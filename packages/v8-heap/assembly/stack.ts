/** Places that are still to be visited: a stack in blocks, which are used again. */
import { reserve } from './room';

const BLOCK_BYTES: u32 = 1 << 16;
/** A block begins with the block below it. */
const FIRST: usize = 8;

let block: usize = 0;
let next: usize = 0;
let spare: usize = 0;
/** Whether there was no more memory for it: then not all has been visited. */
export let isStackFull: bool = false;

export function push(place: usize): void {
  if (block === 0 || next === block + BLOCK_BYTES) {
    const fresh = spare !== 0 ? spare : reserve(BLOCK_BYTES);
    if (fresh === 0) {
      isStackFull = true;
      return;
    }
    spare = 0;
    store<u32>(fresh, <u32>block);
    block = fresh;
    next = fresh + FIRST;
  }
  store<u32>(next, <u32>place);
  next += 4;
}

/** 0 when there is none. */
export function pop(): usize {
  if (block === 0) return 0;
  if (next === block + FIRST) {
    const below = <usize>load<u32>(block);
    if (below === 0) return 0;
    spare = block;
    block = below;
    next = below + BLOCK_BYTES;
  }
  next -= 4;
  return load<u32>(next);
}
