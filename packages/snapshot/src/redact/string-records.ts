/**
 * Records how each string is used, and its slot, by its index, while nodes and edges stream through: five
 * bytes a string, in the memory of the compiled part. The texts come last in the file, so these records must
 * suffice to decide what becomes of them.
 */
import { randomFillSync } from 'node:crypto';
import type { CompiledRedaction } from './compiled.js';
import { blockFinder, type Block } from './string-blocks.js';

export interface StringRecords {
  /** Number of strings that fit; {@link StringRecords.use} increases it. */
  readonly room: number;
  /** Offset of the end of the records, in bytes. */
  readonly end: number;
  /** Records that the string at `index` is used in these ways, see {@link USE}. */
  use(index: number, uses: number): void;
  /** Returns the slot of the string at `index`, which is unique. */
  slotOf(index: number): number;
  /**
   * Returns the block of `index`: its first index, and the one after its last. Its slots are the same
   * numbers.
   */
  blockOf(index: number): Block;
  /** Returns the greatest used index plus 1. */
  used(): number;
}

/** The greatest possible index: three times as much still fits in 32 bits. */
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
    // Texts of an earlier block may have been here.
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
