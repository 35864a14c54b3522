/** Every name once: of nodes, and of edges. A name's number is its place in the order of adding; 0 is the empty one. */
import { reserve } from './room';

/** Of each name: where its UTF-8 is, how many bytes, and its hash. */
const ENTRY_BYTES: u32 = 12;
const FIRST_ENTRIES: u32 = 1 << 16;
const ARENA_BYTES: u32 = 1 << 20;
/** V8 cuts names off after so many characters, but for what it puts around them. */
export const MAX_CHARACTERS: u32 = 1024;
const DRAFT_BYTES: u32 = 1 << 14;
const HASH: u64 = 0xff51afd7ed558ccd;

let entries: usize = 0;
let capacity: u32 = 0;
export let textCount: u32 = 0;
let slots: usize = 0;
let arena: usize = 0;
let arenaEnd: usize = 0;
/** A name that is being put together. */
export const draft = memory.data(DRAFT_BYTES);
export let drafted: u32 = 0;
/** Whether there was no more memory for names. */
export let isTextFull: bool = false;

export const EMPTY: u32 = 0;

/** The name with these bytes. */
export function intern(from: usize, length: u32): u32 {
  if (textCount * 2 >= capacity && !grow()) return EMPTY;
  const hash = hashOf(from, length);
  const mask = capacity * 2 - 1;
  let slot = hash & mask;
  for (let id = load<u32>(slots + 4 * slot); id !== 0; id = load<u32>(slots + 4 * slot)) {
    const entry = entryOf(id - 1);
    const isSame = load<u32>(entry, 8) === hash && load<u32>(entry, 4) === length;
    if (isSame && memory.compare(load<u32>(entry), from, length) === 0) return id - 1;
    slot = (slot + 1) & mask;
  }
  const text = kept(from, length);
  if (text === 0) return EMPTY;
  const entry = entryOf(textCount);
  store<u32>(entry, <u32>text);
  store<u32>(entry, length, 4);
  store<u32>(entry, hash, 8);
  store<u32>(slots + 4 * slot, ++textCount);
  return textCount - 1;
}

function entryOf(id: u32): usize {
  return entries + id * ENTRY_BYTES;
}

function hashOf(from: usize, length: u32): u32 {
  let hash = <u64>length * 0x9e3779b97f4a7c15;
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    hash = (hash ^ load<u64>(from + at)) * HASH;
    hash ^= hash >> 32;
  }
  for (; at < length; at++) hash = (hash ^ load<u8>(from + at)) * HASH;
  return <u32>(hash ^ (hash >> 29));
}

/** A copy that stays. */
function kept(from: usize, length: u32): usize {
  if (arena === 0 || arena + length > arenaEnd) {
    const bytes = length > ARENA_BYTES ? length : ARENA_BYTES;
    arena = reserve(bytes);
    arenaEnd = arena + bytes;
    if (arena === 0) {
      isTextFull = true;
      return 0;
    }
  }
  const copy = arena;
  memory.copy(copy, from, length);
  arena += length;
  return copy;
}

/** The empty name is there from the beginning. */
function grow(): bool {
  const isFirst = capacity === 0;
  const larger = isFirst ? FIRST_ENTRIES : capacity * 2;
  const newEntries = reserve(larger * ENTRY_BYTES);
  const newSlots = reserve(larger * 8);
  if (newEntries === 0 || newSlots === 0) {
    isTextFull = true;
    return false;
  }
  memory.copy(newEntries, entries, textCount * ENTRY_BYTES);
  entries = newEntries;
  slots = newSlots;
  capacity = larger;
  const mask = larger * 2 - 1;
  for (let id: u32 = 0; id < textCount; id++) {
    let slot = load<u32>(entryOf(id), 8) & mask;
    while (load<u32>(slots + 4 * slot) !== 0) slot = (slot + 1) & mask;
    store<u32>(slots + 4 * slot, id + 1);
  }
  if (isFirst) intern(0, 0);
  return true;
}

/** The same of the same name in every image. */
export function textHash(id: u32): u32 {
  return load<u32>(entryOf(id), 8);
}

function textStart(id: u32): usize {
  return load<u32>(entryOf(id));
}

function textLength(id: u32): u32 {
  return load<u32>(entryOf(id), 4);
}

/** Begins a name. */
export function beginText(): void {
  drafted = 0;
}

export function addByte(byte: u32): void {
  if (drafted < DRAFT_BYTES) store<u8>(draft + drafted++, <u8>byte);
}

/** A character by its number; zero, which ends names in V8, as a space. */
export function addCharacter(code: u32): void {
  if (code < 0x80) addByte(code === 0 ? 0x20 : code);
  else if (code < 0x800) {
    addByte(0xc0 | (code >> 6));
    addByte(0x80 | (code & 63));
  } else if (code < 0x10000) {
    addByte(0xe0 | (code >> 12));
    addByte(0x80 | ((code >> 6) & 63));
    addByte(0x80 | (code & 63));
  } else {
    addByte(0xf0 | (code >> 18));
    addByte(0x80 | ((code >> 12) & 63));
    addByte(0x80 | ((code >> 6) & 63));
    addByte(0x80 | (code & 63));
  }
}

export function addText(id: u32): void {
  const start = textStart(id);
  for (let at: u32 = 0; at < textLength(id); at++) addByte(load<u8>(start + at));
}

/** ASCII. */
export function addLiteral(literal: string): void {
  for (let at = 0; at < literal.length; at++) addByte(literal.charCodeAt(at));
}

export function addNumber(value: u32): void {
  let divisor: u32 = 1;
  while (value / divisor >= 10) divisor *= 10;
  for (; divisor !== 0; divisor /= 10) addByte(0x30 + ((value / divisor) % 10));
}

export function endText(): u32 {
  return intern(draft, drafted);
}

/** A name that is known beforehand, in ASCII. */
export function nameOf(literal: string): u32 {
  beginText();
  addLiteral(literal);
  return endText();
}

/** The name of a number: those of elements are used again and again. */
const KNOWN_NUMBERS: u32 = 1 << 14;
const numbers = memory.data(4 * KNOWN_NUMBERS);

export function nameOfNumber(value: u32): u32 {
  const known = value < KNOWN_NUMBERS ? load<u32>(numbers + 4 * value) : EMPTY;
  if (known !== EMPTY) return known;
  beginText();
  addNumber(value);
  const id = endText();
  if (value < KNOWN_NUMBERS) store<u32>(numbers + 4 * value, id);
  return id;
}

/**
 * Writes names from one on as the inside of JSON strings, each with its closing quote, as long as they fit; says with
 * which name to go on.
 */
export let jsonEnd: usize = 0;

export function writeJson(id: u32, to: usize, end: usize): u32 {
  let at = to;
  for (; id < textCount; id++) {
    const length = textLength(id);
    if (at + 6 * <usize>length + 1 > end) break;
    at = jsonOf(textStart(id), length, at);
    store<u8>(at++, 0x22);
  }
  jsonEnd = at;
  return id;
}

function jsonOf(from: usize, length: u32, to: usize): usize {
  for (let at: u32 = 0; at < length; at++) {
    const byte = <u32>load<u8>(from + at);
    if (byte === 0x22 || byte === 0x5c) {
      store<u8>(to++, 0x5c);
      store<u8>(to++, <u8>byte);
    } else if (byte < 0x20) {
      store<u32>(to, 0x3030755c); // \u00
      store<u8>(to + 4, <u8>(0x30 + (byte >> 4)));
      store<u8>(to + 5, <u8>((byte & 15) < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15)));
      to += 6;
    } else store<u8>(to++, <u8>byte);
  }
  return to;
}
