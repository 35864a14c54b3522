/** What objects are called: JSReceiver::GetConstructorName in V8. */
import {
  bigIntType,
  constructorName,
  descriptorsAt,
  functionFirst,
  functionLast,
  functionShared,
  globalDictionaryType,
  globalObjectType,
  heapNumberType,
  mapType,
  nameDictionaryType,
  nameName,
  ownNamesCount,
  primitiveWrapperType,
  propertyArrayType,
  propertyCellType,
  proxyType,
  receiverFirst,
  symbolType,
  toStringTag,
  tuple2Type,
} from './layout';
import { sharedName } from './function-names';
import {
  BASE_NAME,
  BASE_SHARED,
  instanceSize,
  mapOf,
  OWN_CONSTRUCTOR,
  OWN_NAME,
  OWN_TAG,
  placeOfMap,
  PROTOTYPE_NAME,
  PROTOTYPE_SHARED,
  typeIs,
  typeOf,
} from './maps';
import { endOf, pageOf, placeOf, smallIn } from './pages';
import { isString, textOfWord } from './strings';
import { EMPTY, nameOf } from './texts';
import { NAME, typeRow } from './types';

export const MAP_IN_OBJECT_START: usize = 9;
export const MAP_BITS: usize = 14;
export const MAP_BITS_2: usize = 15;
export const MAP_BITS_3: usize = 16;
export const MAP_PROTOTYPE: usize = 24;
export const MAP_CONSTRUCTOR: usize = 32;
const MAP_DESCRIPTORS: usize = 40;
const NEW_TARGET_IS_BASE: u32 = 1;
export const IS_PROTOTYPE_MAP: u32 = 1 << 20;
const IS_DICTIONARY: u32 = 1 << 21;
const OWN_DESCRIPTORS_SHIFT: u32 = 10;
const OWN_DESCRIPTORS: u32 = 0x3ff;
export const PROPERTIES: usize = 8;
const MAX_CHAIN: u32 = 1000;

/** Details of properties: bits of a small integer. */
export const IS_ACCESSOR: u32 = 1;
export const IN_DESCRIPTOR: u32 = 1 << 5;
const FIELD_INDEX_SHIFT: u32 = 19;
const FIELD_INDEX: u32 = 0x3ff;
export const DESCRIPTOR_BYTES: u32 = 24;

/** Names are noted one higher; 0 is not yet known, NONE is none. */
const NONE: u32 = u32.MAX_VALUE;
export const OBJECT = nameOf('Object');
const NUMBER = nameOf('Number');
const STRING = nameOf('String');
const SYMBOL = nameOf('Symbol');
const BIGINT = nameOf('BigInt');
const BOOLEAN = nameOf('Boolean');
const WRAPPED: usize = 24;

function isFunction(word: u64): bool {
  const place = placeOf(word);
  if (place === 0) return false;
  const map = mapOf(place);
  return map !== 0 && typeOf(map) >= functionFirst && typeOf(map) <= functionLast;
}

export function hasFastProperties(map: usize): bool {
  return (load<u32>(placeOfMap(map), MAP_BITS_3) & IS_DICTIONARY) === 0;
}

export function ownDescriptors(map: usize): u32 {
  return (load<u32>(placeOfMap(map), MAP_BITS_3) >> OWN_DESCRIPTORS_SHIFT) & OWN_DESCRIPTORS;
}

/** The array of descriptors of a map, and 0 where it does not hold as many as the map has. */
export function descriptorsOf(map: usize): usize {
  const array = placeOf(load<u64>(placeOfMap(map), MAP_DESCRIPTORS));
  if (array === 0) return 0;
  return array + descriptorsAt + ownDescriptors(map) * DESCRIPTOR_BYTES <= endOf(pageOf(array)) ? array : 0;
}

/** Where a field of an object is, by the details of its property: an address, 0 where there is none. */
export function fieldAt(map: usize, place: usize, details: u32): usize {
  const index = (details >> FIELD_INDEX_SHIFT) & FIELD_INDEX;
  const start = <u32>load<u8>(placeOfMap(map), MAP_IN_OBJECT_START);
  const inObject = (instanceSize(map) >> 3) - start;
  if (index < inObject) return place + 8 * (start + index);
  const array = placeOf(load<u64>(place, PROPERTIES));
  if (array === 0 || !typeIs(array, propertyArrayType)) return 0;
  const at = array + 16 + 8 * (index - inObject);
  return at + 8 <= endOf(pageOf(array)) ? at : 0;
}

export function constructorNameOf(map: usize, place: usize): u32 {
  const base = baseName(map);
  if (base !== EMPTY) return base;
  const tag = ownProperty(map, place, toStringTag, OWN_TAG);
  return isString(tag) ? textOfWord(tag) : prototypesName(map, place);
}

/** By the constructor that the map names, where that is what made the object. */
function baseName(map: usize): u32 {
  const known = load<u32>(map, BASE_NAME);
  if (known !== 0) return known === NONE ? EMPTY : known - 1;
  const place = placeOfMap(map);
  let name = EMPTY;
  const isPlain =
    typeOf(map) !== proxyType &&
    (load<u8>(place, MAP_BITS_2) & NEW_TARGET_IS_BASE) !== 0 &&
    (load<u32>(place, MAP_BITS_3) & IS_PROTOTYPE_MAP) === 0;
  if (isPlain) {
    const constructor = constructorOf(place);
    const shared = namedFunction(constructor);
    if (shared !== 0) {
      name = sharedName(shared, true);
      if (ownNamesCount !== 0) name = ownName(placeOf(constructor), name);
    }
    store<u32>(map, <u32>shared, BASE_SHARED);
  }
  store<u32>(map, name === EMPTY ? NONE : name + 1, BASE_NAME);
  return name;
}

/** What a function has in common with others of its code; 0 where it has no name, or is called `Object`. */
function namedFunction(word: u64): usize {
  if (!isFunction(word)) return 0;
  const shared = placeOf(load<u64>(placeOf(word) + functionShared));
  const name = shared === 0 ? EMPTY : sharedName(shared, true);
  return name === EMPTY || name === OBJECT ? 0 : shared;
}

/** What a function's own property `name` says, where it is a text: JSFunction::GetDebugName in V8. */
function ownName(place: usize, otherwise: u32): u32 {
  const own = ownProperty(mapOf(place), place, nameName, OWN_NAME);
  return isString(own) ? textOfWord(own) : otherwise;
}

/** The same of the function that an object is named after; 0 where it is named after none. */
export function constructorShared(map: usize, place: usize): usize {
  if (baseName(map) !== EMPTY) return load<u32>(map, BASE_SHARED);
  if (isString(ownProperty(map, place, toStringTag, OWN_TAG))) return 0;
  prototypesName(map, place);
  return load<u32>(map, PROTOTYPE_SHARED);
}

/** Map::GetConstructor in V8: behind the maps that this one was made from. */
export function constructorOf(mapPlace: usize): u64 {
  let word = load<u64>(mapPlace, MAP_CONSTRUCTOR);
  for (let step: u32 = 0; step < MAX_CHAIN; step++) {
    const place = placeOf(word);
    if (place === 0) return word;
    if (typeIs(place, tuple2Type)) word = load<u64>(place, 8);
    else if (typeIs(place, mapType)) word = load<u64>(place, MAP_CONSTRUCTOR);
    else return word;
  }
  return 0;
}

/** By what the prototypes say, or the class that objects of this type have. */
function prototypesName(map: usize, object: usize): u32 {
  const known = load<u32>(map, PROTOTYPE_NAME);
  if (known !== 0) return known - 1;
  let name = EMPTY;
  let word = load<u64>(placeOfMap(map), MAP_PROTOTYPE);
  for (let step: u32 = 0; step < MAX_CHAIN && name === EMPTY; step++) {
    const place = placeOf(word);
    const above = place === 0 ? 0 : <u32>mapOf(place);
    if (above === 0 || typeOf(above) < receiverFirst) break;
    const tag = ownProperty(above, place, toStringTag, OWN_TAG);
    if (isString(tag)) name = textOfWord(tag);
    else {
      const shared = namedFunction(ownProperty(above, place, constructorName, OWN_CONSTRUCTOR));
      if (shared !== 0) name = sharedName(shared, true);
      store<u32>(map, <u32>shared, PROTOTYPE_SHARED);
    }
    word = load<u64>(placeOfMap(above), MAP_PROTOTYPE);
  }
  if (name === EMPTY && typeOf(map) === primitiveWrapperType) return wrapperName(object);
  if (name === EMPTY) name = load<u32>(typeRow(typeOf(map)), NAME);
  store<u32>(map, name + 1, PROTOTYPE_NAME);
  return name;
}

/** Objects around numbers and the like are named after these. */
function wrapperName(object: usize): u32 {
  const value = load<u64>(object, WRAPPED);
  const place = placeOf(value);
  if (place === 0 || typeIs(place, heapNumberType)) return NUMBER;
  if (isString(value)) return STRING;
  if (typeIs(place, symbolType)) return SYMBOL;
  return typeIs(place, bigIntType) ? BIGINT : BOOLEAN;
}

/** The value of an object's own property that is no accessor; 0 where there is none. */
function ownProperty(map: usize, place: usize, key: u64, known: usize): u64 {
  const type = typeOf(map);
  if (type < receiverFirst || type === proxyType) return 0;
  if (type === globalObjectType) return inGlobalDictionary(placeOf(load<u64>(place, PROPERTIES)), key);
  if (!hasFastProperties(map)) return inDictionary(placeOf(load<u64>(place, PROPERTIES)), key);
  const descriptors = descriptorsOf(map);
  if (descriptors === 0) return 0;
  if (load<u32>(map + known) === 0)
    store<u32>(map + known, indexOfKey(descriptors, ownDescriptors(map), key));
  if (load<u32>(map + known) === NONE) return 0;
  const descriptor = descriptors + descriptorsAt + (load<u32>(map + known) - 1) * DESCRIPTOR_BYTES;
  const details = smallIn(descriptor + 8);
  if ((details & IS_ACCESSOR) !== 0) return 0;
  if ((details & IN_DESCRIPTOR) !== 0) return load<u64>(descriptor, 16);
  const at = fieldAt(map, place, details);
  return at === 0 ? 0 : load<u64>(at);
}

function indexOfKey(descriptors: usize, count: u32, key: u64): u32 {
  for (let index: u32 = 0; index < count; index++)
    if (load<u64>(descriptors + descriptorsAt + index * DESCRIPTOR_BYTES) === key) return index + 1;
  return NONE;
}

/** Entries of three words: key, value and details, after the array's header, five counts and flags. */
export const DICTIONARY_ENTRIES: usize = 64;
/** The global object's are cells, after the same but the flags. */
export const GLOBAL_ENTRIES: usize = 56;
export const DICTIONARY_ENTRY_BYTES: u32 = 24;
const DICTIONARY_CAPACITY: usize = 32;

/** How many entries of a table lie within its page. */
export function capacityOf(table: usize, entries: usize, entryBytes: u32): u32 {
  const capacity = smallIn(table + DICTIONARY_CAPACITY);
  const end = endOf(pageOf(table));
  if (table + entries >= end) return 0;
  const room = <u32>((end - table - entries) / entryBytes);
  return capacity < room ? capacity : room;
}

function inDictionary(table: usize, key: u64): u64 {
  if (table === 0 || !typeIs(table, nameDictionaryType)) return 0;
  const capacity = capacityOf(table, DICTIONARY_ENTRIES, DICTIONARY_ENTRY_BYTES);
  for (let index: u32 = 0; index < capacity; index++) {
    const entry = table + DICTIONARY_ENTRIES + index * DICTIONARY_ENTRY_BYTES;
    if (load<u64>(entry) !== key) continue;
    return (smallIn(entry + 16) & IS_ACCESSOR) !== 0 ? 0 : load<u64>(entry, 8);
  }
  return 0;
}

/** The global object's properties are in cells: name, details and value. */
function inGlobalDictionary(table: usize, key: u64): u64 {
  if (table === 0 || !typeIs(table, globalDictionaryType)) return 0;
  const capacity = capacityOf(table, GLOBAL_ENTRIES, 8);
  for (let index: u32 = 0; index < capacity; index++) {
    const cell = placeOf(load<u64>(table + GLOBAL_ENTRIES + 8 * index));
    if (cell === 0 || !typeIs(cell, propertyCellType) || load<u64>(cell, 8) !== key) continue;
    return (smallIn(cell + 16) & IS_ACCESSOR) !== 0 ? 0 : load<u64>(cell, 24);
  }
  return 0;
}
