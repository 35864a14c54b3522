/**
 * What is noted of each string while nodes and edges stream by, by its index: what it is used as, and its slot. Five
 * bytes a string, in the memory of the compiled part. The texts come last in the file, so this is all there is to
 * decide their fate by.
 */
import type { CompiledRedaction } from './compiled.js';
import { blockFinder, shuffledSlots, type Block } from './string-slots.js';

export interface StringRecords {
  /** How many strings there is room for; {@link StringRecords.use} makes it more. */
  readonly room: number;
  /** Notes that the string at `index` is used in these ways, see {@link USE}. */
  use(index: number, uses: number): void;
  usesOf(index: number): number;
  /** The slot of the string at `index`: no other string has the same. */
  slotOf(index: number): number;
  /** The block that `index` is in: from the first of its indexes to behind the last. Its slots are the same. */
  blockOf(index: number): Block;
  /** One more than the greatest index used. */
  end(): number;
}

/** The greatest index there can be: three times it still fits in 32 bits. */
export const MAX_STRING_INDEX = 2 ** 29 - 1;
const LEAST_ROOM = 1 << 16;

export function stringRecords(compiled: CompiledRedaction): StringRecords {
  const { STRINGS, BYTES_A_STRING, USE_IN_STRING } = compiled.layout;
  const blockOf = blockFinder(MAX_STRING_INDEX);
  let room = 0;
  reach(LEAST_ROOM);

  const placeOf = (index: number): number => STRINGS + index * BYTES_A_STRING;

  function reach(strings: number): void {
    if (strings <= room) return;
    const wanted = Math.max(strings, Math.min(2 * room, MAX_STRING_INDEX + 1));
    compiled.reach(STRINGS + wanted * BYTES_A_STRING);
    room = wanted;
  }

  function use(index: number, uses: number): void {
    reach(index + 1);
    compiled.bytes[placeOf(index) + USE_IN_STRING] |= uses;
  }

  function usesOf(index: number): number {
    return index < room ? compiled.bytes[placeOf(index) + USE_IN_STRING] : 0;
  }

  function slotOf(index: number): number {
    reach(index + 1);
    const slotAndOne = compiled.bytes.readUInt32LE(placeOf(index));
    if (slotAndOne > 0) return slotAndOne - 1;
    shuffle(blockOf(index));
    return slotOf(index);
  }

  function shuffle(block: Block): void {
    reach(block.to);
    shuffledSlots(block).forEach((slot, at) => {
      compiled.bytes.writeUInt32LE(slot + 1, placeOf(block.from + at));
    });
  }

  function end(): number {
    let end = room;
    while (end > 0 && usesOf(end - 1) === 0) end--;
    return end;
  }

  return {
    get room() {
      return room;
    },
    use,
    usesOf,
    slotOf,
    blockOf,
    end,
  };
}
