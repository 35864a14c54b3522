/**
 * Kinds of objects: those of one map, arrays of one length with elements of the same types, contexts of one scope. Which of their fields tell them apart is
 * found by looking at some of them: a serial number differs in each, a state does not.
 */
import {
  contextFirst,
  contextLast,
  functionFirst,
  functionLast,
  functionShared,
  jsArrayType,
  nativeContextType,
  receiverFirst,
} from '../layout';
import { KIND, placeOfMap, typeOf } from '../maps';
import { placeOf } from '../pages';
import { reserve } from '../room';
import { elementTypes, fieldCount, fieldValue, isFleeting, SCOPE } from './fields';

const KEY: usize = 0;
const TOTAL: usize = 8;
/** How many values they have in the chosen field. */
const DISTINCT: usize = 12;
const SAMPLES: usize = 16;
const SAMPLED: usize = 20;
const FIELDS: usize = 24;
/** A bit for each field that tells objects apart. */
const TELLING: usize = 28;
/** The field that is taken for the key; NONE where none is. */
const CHOSEN: usize = 32;
/** Fields that were taken before, and were not. */
const REFUSED: usize = 36;
const RECORD_BYTES: u32 = 40;
const FIRST_SLOTS: u32 = 1 << 12;

/** Fewer do not tell which of their fields is a key. */
const MIN_OF_A_KIND: u32 = 16;
const MAX_SAMPLES: u32 = 48;
const SAMPLED_FROM: u32 = 8;
/** The first so many fields of an object. */
const MAX_FIELDS: u32 = 32;
/** Of the samples, how many may have the value of another. */
const MAX_SAME: u32 = 16;
/** Of all of a kind, in tenths, how many different keys there must be. */
const MIN_DISTINCT: u32 = 9;
export const NO_FIELD: u32 = 255;

let slots: usize = 0;
let mask: u32 = 0;
let count: u32 = 0;

/** The record of the kind of object at a place: of those that have the same fields; 0 where it has none. */
export function kindAt(map: usize, place: usize): usize {
  const type = typeOf(map);
  if (type < receiverFirst) {
    const isContext = type >= contextFirst && type <= contextLast && type !== nativeContextType;
    return isContext ? kindOf(placeOf(load<u64>(place, SCOPE))) : 0;
  }
  if (type === jsArrayType) return kindOf(elementTypes(place));
  if (type >= functionFirst && type <= functionLast)
    return kindOf(placeOf(load<u64>(place + functionShared)) | 1);
  const known = load<u32>(map, KIND);
  if (known !== 0) return known;
  const record = kindOf(placeOfMap(map));
  store<u32>(map, <u32>record, KIND);
  return record;
}

/** The record of a kind; 0 where it is none. */
function kindOf(kind: u64): usize {
  if (kind === 0 || (slots === 0 && !grow())) return 0;
  let slot = hashOf(kind) & mask;
  for (let at = load<u32>(slots + 4 * slot); at !== 0; at = load<u32>(slots + 4 * slot)) {
    if (load<u64>(at, KEY) === kind) return at;
    slot = (slot + 1) & mask;
  }
  const record = reserve(RECORD_BYTES);
  if (record === 0 || (<u32>2 * ++count > mask && !grow())) return 0;
  store<u64>(record, kind, KEY);
  enter(record);
  return record;
}

function hashOf(key: u64): u32 {
  return <u32>((key * 0x9e3779b97f4a7c15) >> 32);
}

function enter(record: usize): void {
  let slot = hashOf(load<u64>(record, KEY)) & mask;
  while (load<u32>(slots + 4 * slot) !== 0) slot = (slot + 1) & mask;
  store<u32>(slots + 4 * slot, <u32>record);
}

function grow(): bool {
  const old = slots;
  const before = slots === 0 ? <u32>0 : mask + 1;
  const size = slots === 0 ? FIRST_SLOTS : 2 * before;
  const larger = reserve(4 * size);
  if (larger === 0) return false;
  slots = larger;
  mask = size - 1;
  for (let slot: u32 = 0; slot < before; slot++) {
    const record = load<u32>(old + 4 * slot);
    if (record !== 0) enter(record);
  }
  return true;
}

/** Counts an object; says whether it is one to look at: each of the first, then ever fewer. */
export function isToSample(record: usize): bool {
  const total = load<u32>(record, TOTAL) + 1;
  store<u32>(record, total, TOTAL);
  const sampled = load<u32>(record, SAMPLED);
  if (total < SAMPLED_FROM || sampled === MAX_SAMPLES) return false;
  return (total & (((<u32>1) << (sampled >> 3)) - 1)) === 0;
}

/** Notes what the fields that were read hold. */
export function sample(record: usize): void {
  const sampled = load<u32>(record, SAMPLED);
  if (load<u32>(record, SAMPLES) === 0) {
    const fields = min(fieldCount, MAX_FIELDS);
    const room = reserve(4 * fields * MAX_SAMPLES);
    if (room === 0) return;
    store<u32>(record, <u32>room, SAMPLES);
    store<u32>(record, fields, FIELDS);
  }
  const at = load<u32>(record, SAMPLES) + 4 * sampled;
  const fields = min(load<u32>(record, FIELDS), fieldCount);
  for (let field: u32 = 0; field < fields; field++)
    store<u32>(at + 4 * field * MAX_SAMPLES, isFleeting(field) ? 0 : <u32>(fieldValue(field) >> 16));
  store<u32>(record, sampled + 1, SAMPLED);
}

/** Says of all kinds which fields tell their objects apart, and takes one for the key. */
export function chooseKeys(): void {
  for (let slot: u32 = 0; slot <= mask && slots !== 0; slot++) {
    const record = <usize>load<u32>(slots + 4 * slot);
    if (record === 0) continue;
    const fields = load<u32>(record, TOTAL) < MIN_OF_A_KIND ? <u32>0 : load<u32>(record, FIELDS);
    let telling: u32 = 0;
    for (let field: u32 = 0; field < fields; field++) if (tells(record, field)) telling |= (<u32>1) << field;
    store<u32>(record, telling, TELLING);
    store<u32>(record, telling === 0 ? NO_FIELD : ctz<u32>(telling), CHOSEN);
  }
}

function tells(record: usize, field: u32): bool {
  const sampled = load<u32>(record, SAMPLED);
  const values = load<u32>(record, SAMPLES) + 4 * field * MAX_SAMPLES;
  let same: u32 = 0;
  for (let one: u32 = 0; one < sampled; one++) {
    const value = load<u32>(values + 4 * one);
    if (value === 0) return false;
    for (let other: u32 = 0; other < one; other++)
      if (load<u32>(values + 4 * other) === value) {
        same++;
        break;
      }
  }
  return same * MAX_SAME <= sampled;
}

/** Of kinds whose key is none, takes the next field; false where there is no other. */
export function chooseAgain(): bool {
  let isAny = false;
  for (let slot: u32 = 0; slot <= mask && slots !== 0; slot++) {
    const record = <usize>load<u32>(slots + 4 * slot);
    if (record === 0 || chosenField(record) === NO_FIELD || hasKey(record)) continue;
    const refused = load<u32>(record, REFUSED) | ((<u32>1) << chosenField(record));
    const left = load<u32>(record, TELLING) & ~refused;
    store<u32>(record, refused, REFUSED);
    store<u32>(record, left === 0 ? NO_FIELD : ctz<u32>(left), CHOSEN);
    store<u32>(record, 0, DISTINCT);
    isAny = isAny || left !== 0;
  }
  return isAny;
}

export function chosenField(record: usize): u32 {
  return record === 0 ? NO_FIELD : load<u32>(record, CHOSEN);
}

export function tellsApart(record: usize, field: u32): bool {
  return field < MAX_FIELDS && ((load<u32>(record, TELLING) >> field) & 1) !== 0;
}

export function countDistinct(record: usize): void {
  store<u32>(record, load<u32>(record, DISTINCT) + 1, DISTINCT);
}

/** Whether nearly all of a kind differ in its key. */
export function hasKey(record: usize): bool {
  return 10 * <u64>load<u32>(record, DISTINCT) >= MIN_DISTINCT * <u64>load<u32>(record, TOTAL);
}

/** Whether there is no other of the kind. */
export function isSingle(record: usize): bool {
  return record !== 0 && load<u32>(record, TOTAL) === 1;
}

/** Whether there are so few that an address tells them apart. */
export function isRare(record: usize): bool {
  return record !== 0 && load<u32>(record, TOTAL) < MIN_OF_A_KIND;
}
