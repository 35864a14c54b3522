/** The fields of an object that may tell it from others of its kind: what they are called, hold, and whether that lasts. */
import {
  DESCRIPTOR_BYTES,
  descriptorsOf,
  fieldAt,
  hasFastProperties,
  IN_DESCRIPTOR,
  IS_ACCESSOR,
  ownDescriptors,
} from '../constructor-names';
import {
  contextFirst,
  contextLast,
  descriptorsAt,
  fixedArrayFirst,
  fixedArrayLast,
  fixedDoubleArrayType,
  heapNumberType,
  jsArrayType,
  MAX_INLINED_LOCALS,
  nativeContextType,
  receiverFirst,
  scopeFlags,
  scopeInfoType,
  scopeLocals,
} from '../layout';
import { mapOf, typeIs, typeOf } from '../maps';
import { ARRAY_DATA, elementsIn, endOf, pageOf, placeOf, smallIn } from '../pages';
import { scopeNames } from '../scopes';
import { STRING_TYPES } from '../strings';
import { mix } from './prints';
import { nameValue, numberValue, valueOf } from './values';

/** Bit of a property's details: it has never been written again, in no object of this map. */
const IS_CONSTANT: u32 = 1 << 1;
const ELEMENTS: usize = 16;
const ARRAY_LENGTH: usize = 24;
export const SCOPE: usize = 16;
const SLOTS: u32 = 16;
const MIN_SLOTS: u32 = 2;
const HAS_EXTENSION: u32 = 1 << 26;
/** Of a variable: its mode, and whether anything may assign to it. */
const VARIABLE_MODE: u32 = 15;
const CONST_VARIABLE: u32 = 1;
const MAYBE_ASSIGNED: u32 = 1 << 5;
/** Elements of an array that are looked at. */
const ARRAY_KIND: u64 = 0x417272;
const MAX_ELEMENTS: u32 = 8;

const MAX_FIELDS: u32 = 64;
const names = memory.data(8 * MAX_FIELDS, 8);
const words = memory.data(8 * MAX_FIELDS, 8);
const lasting = memory.data(MAX_FIELDS);
export let fieldCount: u32 = 0;
/** Whether the words are numbers, and not what points to objects. */
let areDoubles: bool = false;
/** Whether they are the elements of an array. */
export let areElements: bool = false;

export function fieldName(index: u32): u64 {
  return load<u64>(names + 8 * index);
}

export function fieldWord(index: u32): u64 {
  return areDoubles ? 0 : load<u64>(words + 8 * index);
}

export function fieldLasts(index: u32): bool {
  return load<u8>(lasting + index) !== 0;
}

/** Whether it holds a number that is no small integer and may be another later: a time, most likely. */
export function isFleeting(index: u32): bool {
  if (areElements || fieldLasts(index)) return false;
  const place = placeOf(fieldWord(index));
  return place !== 0 && typeIs(place, heapNumberType);
}

export function fieldValue(index: u32): u64 {
  const word = load<u64>(words + 8 * index);
  return areDoubles ? numberValue(reinterpret<f64>(word)) : valueOf(word);
}

function add(name: u64, word: u64, lasts: bool): void {
  if (fieldCount === MAX_FIELDS) return;
  store<u64>(names + 8 * fieldCount, name);
  store<u64>(words + 8 * fieldCount, word);
  store<u8>(lasting + fieldCount, lasts ? 1 : 0);
  fieldCount++;
}

/** Reads those of the object at a place. */
export function readFields(map: usize, place: usize): void {
  fieldCount = 0;
  areDoubles = false;
  areElements = false;
  const type = typeOf(map);
  if (type === jsArrayType) elementFields(place);
  else if (type >= receiverFirst) objectFields(map, place);
  else if (type >= contextFirst && type <= contextLast && type !== nativeContextType) variables(place);
}

function objectFields(map: usize, place: usize): void {
  if (!hasFastProperties(map)) return;
  const descriptors = descriptorsOf(map);
  if (descriptors === 0) return;
  const count = ownDescriptors(map);
  for (let index: u32 = 0; index < count; index++) {
    const descriptor = descriptors + descriptorsAt + index * DESCRIPTOR_BYTES;
    const details = smallIn(descriptor + 8);
    if ((details & (IN_DESCRIPTOR | IS_ACCESSOR)) !== 0) continue;
    const at = fieldAt(map, place, details);
    if (at !== 0) add(nameValue(load<u64>(descriptor)), load<u64>(at), (details & IS_CONSTANT) !== 0);
  }
}

/** Only the first: what is pushed to an array leaves it the same. */
function elementFields(place: usize): void {
  const elements = placeOf(load<u64>(place, ELEMENTS));
  if (elements === 0) return;
  const type = typeOf(mapOf(elements));
  areDoubles = type === fixedDoubleArrayType;
  if (!areDoubles && (type < fixedArrayFirst || type > fixedArrayLast)) return;
  areElements = true;
  const length = smallIn(place + ARRAY_LENGTH);
  const there = elementsIn(elements);
  const count = min(min(length, there), MAX_ELEMENTS);
  for (let index: u32 = 0; index < count; index++)
    add(index, load<u64>(elements + ARRAY_DATA + 8 * index), false);
}

/** An array's length, as long as it is short, and the types of its first elements. */
export function elementTypes(place: usize): u64 {
  const length = smallIn(place + ARRAY_LENGTH);
  let value = mix(ARRAY_KIND, <u64>min(length, MAX_ELEMENTS + 1));
  const elements = placeOf(load<u64>(place, ELEMENTS));
  if (elements === 0) return value;
  const type = typeOf(mapOf(elements));
  if (type < fixedArrayFirst || type > fixedArrayLast) return mix(value, type);
  const count = min(min(length, elementsIn(elements)), MAX_ELEMENTS);
  for (let index: u32 = 0; index < count; index++)
    value = mix(value, typeBehind(load<u64>(elements + ARRAY_DATA + 8 * index)));
  return value;
}

/** Numbers are of one type, and texts, however V8 keeps them. */
function typeBehind(word: u64): u64 {
  const place = placeOf(word);
  if (place === 0) return heapNumberType;
  const type = typeOf(mapOf(place));
  return type < STRING_TYPES ? 0 : type;
}

function variables(place: usize): void {
  const scope = placeOf(load<u64>(place, SCOPE));
  if (scope === 0 || !typeIs(scope, scopeInfoType)) return;
  const flags = load<u32>(scope + scopeFlags);
  const slots = elementsIn(place);
  const locals = smallIn(scope + scopeLocals);
  const first = MIN_SLOTS + ((flags & HAS_EXTENSION) !== 0 ? 1 : 0);
  const infos = scope + scopeNames(scope) + 8 * (locals < MAX_INLINED_LOCALS ? locals : 1);
  const end = endOf(pageOf(scope));
  for (let index: u32 = 0; index < locals && first + index < slots; index++) {
    if (infos + 8 * index + 8 > end) break;
    const info = smallIn(infos + 8 * index);
    const lasts = (info & VARIABLE_MODE) === CONST_VARIABLE || (info & MAYBE_ASSIGNED) === 0;
    add(index, load<u64>(place + SLOTS + 8 * (first + index)), lasts);
  }
}
