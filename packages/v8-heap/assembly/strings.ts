/** Texts of JavaScript's strings, however they are kept, as V8 names nodes by them. */
import { readOutside } from './outside';
import { mapOf, typeOf } from './maps';
import { endOf, flagsOf, pageOf, placeOf, YOUNG } from './pages';
import { addCharacter, beginText, EMPTY, endText, intern, MAX_CHARACTERS, nameOf } from './texts';

/** Types of strings are below those of all other objects: how it is kept, and the size of its characters. */
export const STRING_TYPES: u32 = 128;
export const REPRESENTATION: u32 = 7;
const SEQUENTIAL: u32 = 0;
export const CONS: u32 = 1;
export const EXTERNAL: u32 = 2;
export const SLICED: u32 = 3;
export const THIN: u32 = 5;
export const ONE_BYTE: u32 = 8;
/** The characters of an external string are not kept in it. */
const UNCACHED: u32 = 16;
export const LENGTH: usize = 12;
export const CHARACTERS: usize = 16;
const CONS_FIRST: usize = 16;
const CONS_SECOND: usize = 24;
const SLICED_PARENT: usize = 16;
const SLICED_OFFSET: usize = 28;
export const THIN_ACTUAL: usize = 16;
const EXTERNAL_DATA: usize = 24;
const MAX_DEPTH: u32 = 64;
const HIGH_BITS: u64 = 0x8080808080808080;

const UNREADABLE = nameOf('?');

export function isString(word: u64): bool {
  const place = placeOf(word);
  if (place === 0) return false;
  const map = mapOf(place);
  return map !== 0 && typeOf(map) < STRING_TYPES;
}

/**
 * Whether a collection puts another string into the place of this one, which only leads to it: EvacuateNewSpaceVisitor
 * in V8. (Some it leaves, because it moves what they lead to as well: on which pages depends on how full these are.)
 */
export function isShortcut(map: usize, place: usize): bool {
  if (typeOf(map) >= STRING_TYPES || (typeOf(map) & REPRESENTATION) !== THIN) return false;
  return (flagsOf(pageOf(place)) & YOUNG) !== 0;
}

/** The name that a string is. */
export function textOf(place: usize): u32 {
  const type = typeOf(mapOf(place));
  if ((type & (REPRESENTATION | ONE_BYTE)) === ONE_BYTE) {
    const characters = place + CHARACTERS;
    const length = cut(load<u32>(place, LENGTH), MAX_CHARACTERS);
    if (characters + length <= endOf(pageOf(place)) && isPlain(characters, length))
      return intern(characters, length);
  }
  beginText();
  return addString(place, 0, MAX_CHARACTERS, 0) ? endText() : UNREADABLE;
}

/** The name that the string behind a word is; the empty one where there is no string. */
export function textOfWord(word: u64): u32 {
  return isString(word) ? textOf(placeOf(word)) : EMPTY;
}

function cut(length: u32, most: u32): u32 {
  return length < most ? length : most;
}

/** Whether it is ASCII without a zero: then it is kept as names are. */
export function isPlain(from: usize, length: u32): bool {
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    const word = load<u64>(from + at);
    // The second tells bytes that are zero, where there are none above 127.
    if (((word | (word - 0x0101010101010101)) & HIGH_BITS) !== 0) return false;
  }
  for (; at < length; at++) {
    const byte = load<u8>(from + at);
    if (byte === 0 || byte >= 0x80) return false;
  }
  return true;
}

/** Adds characters from one on, so many at most, to the name that is being put together. */
export function addString(place: usize, from: u32, most: u32, depth: u32): bool {
  if (depth > MAX_DEPTH) return false;
  const map = mapOf(place);
  if (map === 0 || typeOf(map) >= STRING_TYPES) return false;
  const type = typeOf(map);
  const length = load<u32>(place, LENGTH);
  if (from >= length) return true;
  const count = cut(length - from, most);
  switch (type & REPRESENTATION) {
    case SEQUENTIAL:
      return addWithin(place, type, from, count);
    case CONS:
      return addCons(place, from, count, depth);
    case SLICED:
      return addOther(load<u64>(place, SLICED_PARENT), from + load<u32>(place, SLICED_OFFSET), count, depth);
    case THIN:
      return addOther(load<u64>(place, THIN_ACTUAL), from, count, depth);
    case EXTERNAL:
      return (type & UNCACHED) === 0 && addExternal(load<u64>(place, EXTERNAL_DATA), type, from, count);
    default:
      return false;
  }
}

function addOther(word: u64, from: u32, most: u32, depth: u32): bool {
  const place = placeOf(word);
  return place !== 0 && addString(place, from, most, depth + 1);
}

function addCons(place: usize, from: u32, count: u32, depth: u32): bool {
  const first = placeOf(load<u64>(place, CONS_FIRST));
  if (first === 0) return false;
  const firstLength = load<u32>(first, LENGTH);
  const inFirst = from < firstLength ? cut(firstLength - from, count) : 0;
  if (inFirst > 0 && !addString(first, from, inFirst, depth + 1)) return false;
  if (inFirst === count) return true;
  return addOther(load<u64>(place, CONS_SECOND), from + inFirst - firstLength, count - inFirst, depth);
}

function addWithin(place: usize, type: u32, from: u32, count: u32): bool {
  const unit: usize = (type & ONE_BYTE) !== 0 ? 1 : 2;
  const start = place + CHARACTERS + unit * from;
  if (start + unit * count > endOf(pageOf(place))) return false;
  addUnits(start, unit, count);
  return true;
}

function addExternal(address: u64, type: u32, from: u32, count: u32): bool {
  const unit: u32 = (type & ONE_BYTE) !== 0 ? 1 : 2;
  const start = readOutside(address + unit * from, unit * count);
  if (start === 0) return false;
  addUnits(start, unit, count);
  return true;
}

function addUnits(start: usize, unit: usize, count: u32): void {
  if (unit === 1) {
    for (let at: u32 = 0; at < count; at++) addCharacter(load<u8>(start + at));
    return;
  }
  for (let at: u32 = 0; at < count; at++) {
    let code = <u32>load<u16>(start + 2 * at);
    if (code >= 0xd800 && code < 0xe000) {
      const low = at + 1 < count && code < 0xdc00 ? <u32>load<u16>(start + 2 * at, 2) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at++;
      } else code = 0xfffd;
    }
    addCharacter(code);
  }
}
