/**
 * Walks the objects of a page, from one header to the next. Skips unknown words, such as those of an
 * allocation in progress, until the next header.
 */
import type { ObjectLayout } from './object-layout.js';
import type { ObjectMap, ObjectMaps } from './object-map.js';

const WORD = 8;
/** Upper half of the highest pointer in a process. */
const HIGHEST_UPPER_HALF = 0xffff;
const UNKNOWN_SIZE = 0;

/** Returns an object's size in bytes: 0 if unknown, null if this cannot be such an object. */
export type SizeOf = (map: ObjectMap, words: Uint32Array, at: number) => number | null;

/**
 * Calls back with the map of each object, its size in bytes, and its index in `words`.
 * @param words the page's objects, two entries for each 8-byte word, the lower half first
 * @returns how many bytes no object explains, not counting zeros, which are unused so far
 */
export function walkPage(
  words: Uint32Array,
  maps: ObjectMaps,
  sizeOf: SizeOf,
  visit: (map: ObjectMap, bytes: number, at: number) => void,
): number {
  const end = words.length;
  let unexplained = 0;
  /** An object of unknown size extends to the next header. */
  let open: ObjectMap | null = null;
  let openedAt = 0;
  for (let at = 0; at < end;) {
    const map = mapAt(words, at, maps);
    const size = map === null ? null : sizeOf(map, words, at);
    if (map === null || size === null || at + size / 4 > end) {
      if (open === null && (words[at] | words[at + 1]) !== 0) unexplained += WORD;
      at += 2;
      continue;
    }
    if (open !== null) visit(open, (at - openedAt) * 4, openedAt);
    open = null;
    if (size === UNKNOWN_SIZE) {
      open = map;
      openedAt = at;
      at += 2;
    } else {
      visit(map, size, at);
      at += size / 4;
    }
  }
  if (open !== null) visit(open, (end - openedAt) * 4, openedAt);
  return unexplained;
}

function mapAt(words: Uint32Array, at: number, maps: ObjectMaps): ObjectMap | null {
  const lower = words[at];
  const upper = words[at + 1];
  if ((lower & 3) !== 1 || upper > HIGHEST_UPPER_HALF) return null;
  return maps.at(upper * 2 ** 32 + lower);
}

/** Returns the function that computes sizes from the map, or from a length after it. */
export function objectSizes({
  types,
  array,
  string,
  bytecodeData,
  descriptorArrayHeader,
  freeSpaceUnit,
}: ObjectLayout): SizeOf {
  /** The length is in the upper half of the word after the map, for small integers and for strings. */
  const lengthAt = (words: Uint32Array, at: number): number => words[at + 3];
  const isSmall = (words: Uint32Array, at: number): boolean => words[at + 2] === 0;
  const sized = (bytes: number): number => Math.ceil(bytes / WORD) * WORD;
  const isIn = (type: number, [first, last]: [number, number]): boolean => type >= first && type <= last;

  return ({ type, instanceSize }, words, at) => {
    if (instanceSize > 0) return instanceSize;
    if (at + 4 > words.length) return null;
    const length = lengthAt(words, at);
    if (type < types.firstNonstring) {
      if ((type & string.representationMask) !== 0) return null;
      return sized(string.chars + length * ((type & string.oneByteBit) === 0 ? 2 : 1));
    }
    if (type === types.descriptorArray || type === types.descriptorArray + 1)
      return descriptorArrayHeader + (words[at + 2] & 0xffff) * 3 * WORD;
    if (type === types.bigInt) return sized(16 + ((words[at + 2] >>> 1) & 0x3fffffff) * WORD);
    if (!isSmall(words, at)) return UNKNOWN_SIZE;
    if (type === types.freeSpace) return sized(length * freeSpaceUnit);
    if (type === types.propertyArray) return array.data + (length & 0x3ff) * WORD;
    if (type === types.byteArray) return sized(array.data + length);
    if (type === types.bytecodeArray) return sized(bytecodeData + length);
    if (type === types.weakArrayList) return array.data + WORD + length * WORD;
    const isArray =
      isIn(type, types.fixedArrays) ||
      isIn(type, types.contexts) ||
      type === types.fixedDoubleArray ||
      type === types.weakFixedArray ||
      type === types.transitionArray;
    return isArray ? array.data + length * WORD : UNKNOWN_SIZE;
  };
}
