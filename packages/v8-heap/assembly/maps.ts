/**
 * Maps: what an object is, by the first word of it. A word is a map where it points to an object of the type of maps
 * whose own map is a map of maps.
 */
import { mapInstanceSize, mapInstanceType, mapType } from './layout';
import { placeOf } from './pages';
import { reserve } from './room';
import { MAX_TYPES } from './types';

/** A map's record. */
const WORD: usize = 0;
const PLACE: usize = 8;
const TYPE: usize = 12;
const SIZE: usize = 16;
/** What is known of names that objects with this map have; see constructor-names.ts. */
export const BASE_NAME: usize = 20;
export const PROTOTYPE_NAME: usize = 24;
export const OWN_TAG: usize = 28;
export const OWN_CONSTRUCTOR: usize = 32;
/** And of the functions that these names are of: places of what they have in common with others, 0 for none. */
export const BASE_SHARED: usize = 36;
export const PROTOTYPE_SHARED: usize = 40;
export const OWN_NAME: usize = 44;
/** And of the objects themselves: what kind they are (ids/kinds.ts), 0 where it is not known. */
export const KIND: usize = 48;
const RECORD_BYTES: u32 = 56;

const FIRST_SLOTS: u32 = 1 << 13;
const HASH: u32 = 0x9e3779b9;

/** Addresses of records, at what their words hash to; open addressing, at most half full. */
let slots: usize = 0;
let slotMask: u32 = 0;
let mapCount: u32 = 0;

/** The record of the map of the object at a place; 0 where there is no object. */
export function mapOf(place: usize): usize {
  return mapNamed(load<u64>(place));
}

/** The record of the map that a word points to; 0 where it points to something else. */
export function mapNamed(word: u64): usize {
  if ((word & 3) !== 1) return 0;
  if (slots === 0 && !grow()) return 0;
  let slot = hashOf(word) & slotMask;
  let record = slotAt(slot);
  while (record !== 0 && load<u64>(record, WORD) !== word) {
    slot = (slot + 1) & slotMask;
    record = slotAt(slot);
  }
  return record === 0 ? learn(word) : record;
}

function slotAt(slot: u32): usize {
  return load<u32>(slots + 4 * slot);
}

function hashOf(word: u64): u32 {
  const mixed = ((<u32>(word >> 3)) ^ (<u32>(word >> 32))) * HASH;
  return mixed >> 11;
}

function learn(word: u64): usize {
  const place = placeOf(word);
  if (place === 0 || !isMapOfMaps(load<u64>(place))) return 0;
  const type = <u32>load<u16>(place + mapInstanceType);
  if (type >= MAX_TYPES) return 0;
  const record = reserve(RECORD_BYTES);
  if (record === 0 || (mapCount * 2 >= slotMask && !grow())) return 0;
  store<u64>(record, word, WORD);
  store<u32>(record, <u32>place, PLACE);
  store<u32>(record, type, TYPE);
  store<u32>(record, <u32>load<u8>(place + mapInstanceSize) * 8, SIZE);
  mapCount++;
  enter(record);
  return record;
}

/** A map of maps is its own map, or, where each context has one, the map of it is. */
function isMapOfMaps(word: u64): bool {
  const place = placeOf(word);
  if (place === 0 || <u32>load<u16>(place + mapInstanceType) !== mapType) return false;
  const own = load<u64>(place);
  if (own === word) return true;
  const above = placeOf(own);
  return above !== 0 && load<u64>(above) === own && <u32>load<u16>(above + mapInstanceType) === mapType;
}

function grow(): bool {
  const oldSlots = slots;
  const oldCount = slotMask + 1;
  const count = slots === 0 ? FIRST_SLOTS : oldCount * 2;
  const larger = reserve(4 * count);
  if (larger === 0) return false;
  slots = larger;
  slotMask = count - 1;
  if (oldSlots === 0) return true;
  for (let slot: u32 = 0; slot < oldCount; slot++) {
    const record = <usize>load<u32>(oldSlots + 4 * slot);
    if (record !== 0) enter(record);
  }
  return true;
}

function enter(record: usize): void {
  let slot = hashOf(load<u64>(record, WORD)) & slotMask;
  while (slotAt(slot) !== 0) slot = (slot + 1) & slotMask;
  store<u32>(slots + 4 * slot, <u32>record);
}

export function placeOfMap(map: usize): usize {
  return load<u32>(map, PLACE);
}

export function typeOf(map: usize): u32 {
  return load<u32>(map, TYPE);
}

/** Whether there is an object of this type at a place. */
export function typeIs(place: usize, type: u32): bool {
  const map = mapOf(place);
  return map !== 0 && typeOf(map) === type;
}

/** Of each object with this map, in bytes; 0 where they differ. */
export function instanceSize(map: usize): u32 {
  return load<u32>(map, SIZE);
}
