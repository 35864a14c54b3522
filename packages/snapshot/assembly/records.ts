/** Records of strings, see layout.ts. */
import { BYTES_A_STRING, STRINGS, USE_IN_STRING } from './layout';

export function recordOf(index: u32): usize {
  return STRINGS + (index as usize) * BYTES_A_STRING;
}

/** Returns the slot of the string; {@link NO_SLOT} while it has none. */
export function slotOf(index: u32): u32 {
  return load<u32>(recordOf(index)) - 1;
}
export const NO_SLOT: u32 = 0xffff_ffff;

function setSlot(index: u32, slot: u32): void {
  store<u32>(recordOf(index), slot + 1);
}

export function usesOf(index: u32): u32 {
  return load<u8>(recordOf(index), USE_IN_STRING);
}

export function addUses(index: u32, uses: u32): void {
  store<u8>(recordOf(index), load<u8>(recordOf(index), USE_IN_STRING) | (uses as u8), USE_IN_STRING);
}

/** Returns the greatest used index below `end`, plus 1. */
export function usedUpTo(end: u32): u32 {
  while (end > 0 && usesOf(end - 1) === 0) end--;
  return end;
}

/**
 * Assigns the strings from `from` to `to` the same numbers as slots, in random order (the shuffle of Fisher
 * and Yates), with a random four-byte number for each from `random` on.
 */
export function shuffleSlots(from: u32, to: u32, random: usize): void {
  for (let index = from; index < to; index++) setSlot(index, index);
  for (let left = to - from; left > 1; left--) {
    const last = from + left - 1;
    const chance = load<u32>(random + 4 * ((left - 1) as usize)) as u64;
    const other = from + (((chance * left) >> 32) as u32);
    const slot = slotOf(last);
    setSlot(last, slotOf(other));
    setSlot(other, slot);
  }
}
