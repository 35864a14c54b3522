/**
 * What is noted of each string while nodes and edges stream by, by its index: what it is used as, and its slot. Five
 * bytes a string, in the memory of the compiled part. The texts come last in the file, so this is all there is to
 * decide their fate by.
 */
import { randomFillSync } from 'node:crypto';
import type { CompiledRedaction } from './compiled.js';
import { blockFinder, type Block } from './string-blocks.js';

export interface StringRecords {
  /** How many strings there is room for; {@link StringRecords.use} makes it more. */
  readonly room: number;
  /** Where what lies behind it begins, in bytes. */
  readonly end: number;
  /** Notes that the string at `index` is used in these ways, see {@link USE}. */
  use(index: number, uses: number): void;
  /** The slot of the string at `index`: no other string has the same. */
  slotOf(index: number): number;
  /** The block that `index` is in: from the first of its indexes to behind the last. Its slots are the same. */
  blockOf(index: number): Block;
  /** One more than the greatest index used. */
  used(): number;
}

/** The greatest index there can be: three times it still fits in 32 bits. */
export const MAX_STRING_INDEX = 2 ** 29 - 1;
const MIN_ROOM = 1 << 16;

export function stringRecords(compiled: CompiledRedaction): StringRecords {
  const { STRINGS, BYTES_A_STRING, NO_SLOT } = compiled.layout;
  const blockOf = blockFinder(MAX_STRING_INDEX);
  let room = 0;
  reach(MIN_ROOM);

  function reach(strings: number): void {
    if (strings <= room) return;
    const before = placeOf(room);
    room = Math.max(strings, Math.min(2 * room, MAX_STRING_INDEX + 1));
    compiled.reach(placeOf(room));
    // Texts of an earlier block may have lain there.
    compiled.bytes.fill(0, before, placeOf(room));
  }

  function placeOf(index: number): number {
    return STRINGS + index * BYTES_A_STRING;
  }

  function use(index: number, uses: number): void {
    reach(index + 1);
    compiled.addUses(index, uses);
  }

  function slotOf(index: number): number {
    reach(index + 1);
    if (compiled.slotOf(index) === NO_SLOT) shuffle(blockOf(index));
    return compiled.slotOf(index);
  }

  function shuffle({ from, to }: Block): void {
    reach(to);
    const random = placeOf(room);
    const bytes = (to - from) * Uint32Array.BYTES_PER_ELEMENT;
    compiled.reach(random + bytes);
    randomFillSync(compiled.bytes, random, bytes);
    compiled.shuffleSlots(from, to, random);
  }

  return {
    get room() {
      return room;
    },
    get end() {
      return placeOf(room);
    },
    use,
    slotOf,
    blockOf,
    used: () => compiled.usedUpTo(room),
  };
}
