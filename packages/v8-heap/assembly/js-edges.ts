/** Edges of JavaScript's objects: their properties, elements, and what V8 keeps with them. */
import {
  capacityOf,
  constructorOf,
  DESCRIPTOR_BYTES,
  descriptorsOf,
  DICTIONARY_ENTRIES,
  DICTIONARY_ENTRY_BYTES,
  fieldAt,
  GLOBAL_ENTRIES,
  hasFastProperties,
  IN_DESCRIPTOR,
  IS_ACCESSOR,
  MAP_BITS,
  MAP_BITS_2,
  MAP_CONSTRUCTOR,
  MAP_IN_OBJECT_START,
  MAP_PROTOTYPE,
  ownDescriptors,
  PROPERTIES,
} from './constructor-names';
import { codeOfHandle } from './dispatch';
import {
  ELEMENT_EDGE,
  internal,
  INTERNAL_EDGE,
  KEEP_TYPE,
  numbered,
  plain,
  PROPERTY_EDGE,
  SHORTCUT_EDGE,
  tag,
} from './edges';
import {
  accessorPairType,
  apiFirst,
  apiHeader,
  apiLast,
  descriptorsAt,
  fixedArrayFirst,
  fixedArrayLast,
  functionHandle,
  globalDictionaryType,
  holeWord,
  jsArrayType,
  mapType,
  nameDictionaryType,
  numberDictionaryType,
  oddballType,
  privateNameFlags,
  propertyCellType,
  protoName,
  prototypeName,
  receiverFirst,
  symbolType,
  tuple2Type,
  undefinedWord,
} from './layout';
import { instanceSize, mapOf, placeOfMap, typeIs, typeOf } from './maps';
import { ARRAY_DATA, elementsIn, placeOf, smallIn } from './pages';
import { isString, textOf, textOfWord } from './strings';
import { addByte, addLiteral, addNumber, addText, beginText, EMPTY, endText, nameOf } from './texts';

const ELEMENTS: usize = 16;
const JS_ARRAY_LENGTH: usize = 24;
const SYMBOL_FLAGS: usize = 12;
const SYMBOL_DESCRIPTION: usize = 16;
const REPRESENTATION_SHIFT: u32 = 6;
const REPRESENTATION: u32 = 7;
const SMALL_REPRESENTATION: u32 = 1;
const DOUBLE_REPRESENTATION: u32 = 2;
const ELEMENTS_KIND_SHIFT: u32 = 2;
const FAST_ELEMENTS: u32 = 2;
const HOLEY_ELEMENTS: u32 = 3;
const NUMBER_ENTRIES: usize = 48;
const HAS_PROTOTYPE_SLOT: u32 = 0x80;
const HAS_OTHER_PROTOTYPE: u32 = 1;
const FUNCTION_PROTOTYPE: usize = 56;
const BOUND_FUNCTION: usize = 24;
const BOUND_THIS: usize = 32;
const BOUND_ARGUMENTS: usize = 40;

const PROPERTIES_NAME = nameOf('properties');
const ELEMENTS_NAME = nameOf('elements');
const PROPERTIES_TAG = nameOf('(object properties)');
const ELEMENTS_TAG = nameOf('(object elements)');
const SYMBOL = nameOf('<symbol>');
const INITIAL_MAP = nameOf('initial_map');
const OTHER_PROTOTYPE = nameOf('non_instance_prototype_tuple');
const CODE = nameOf('code');
const BOUND_TAG = nameOf('(bound arguments)');
const BINDINGS = nameOf('bindings');
const BOUND_THIS_NAME = nameOf('bound_this');
const BOUND_FUNCTION_NAME = nameOf('bound_function');

export function objectEdges(map: usize, place: usize): void {
  const type = typeOf(map);
  if (hasFastProperties(map)) fastProperties(map, place);
  else {
    const table = placeOf(load<u64>(place, PROPERTIES));
    if (table !== 0 && typeIs(table, globalDictionaryType)) globalProperties(table);
    else if (table !== 0 && typeIs(table, nameDictionaryType)) slowProperties(table);
  }
  elementEdges(map, place, type);
  if (type >= apiFirst && type <= apiLast) embedderFields(map, place);
  property(protoName, load<u64>(placeOfMap(map), MAP_PROTOTYPE), -1);
}

/** What comes last: V8's own arrays of properties and elements. */
export function storeEdges(place: usize): void {
  const properties = load<u64>(place, PROPERTIES);
  tag(properties, PROPERTIES_TAG, KEEP_TYPE);
  internal(PROPERTIES_NAME, properties, <i32>PROPERTIES);
  const elements = load<u64>(place, ELEMENTS);
  tag(elements, ELEMENTS_TAG, KEEP_TYPE);
  internal(ELEMENTS_NAME, elements, <i32>ELEMENTS);
}

function fastProperties(map: usize, place: usize): void {
  const descriptors = descriptorsOf(map);
  if (descriptors === 0) return;
  const count = ownDescriptors(map);
  for (let index: u32 = 0; index < count; index++) {
    const descriptor = descriptors + descriptorsAt + index * DESCRIPTOR_BYTES;
    const key = load<u64>(descriptor);
    const details = smallIn(descriptor + 8);
    if ((details & IN_DESCRIPTOR) !== 0) {
      dataOrAccessor(details, key, load<u64>(descriptor, 16), -1);
      continue;
    }
    const representation = (details >> REPRESENTATION_SHIFT) & REPRESENTATION;
    if (representation === SMALL_REPRESENTATION || representation === DOUBLE_REPRESENTATION) continue;
    const at = fieldAt(map, place, details);
    if (at === 0) continue;
    const isInObject = at >= place && at < place + instanceSize(map);
    dataOrAccessor(details, key, load<u64>(at), isInObject ? <i32>(at - place) : -1);
  }
}

function slowProperties(table: usize): void {
  const capacity = capacityOf(table, DICTIONARY_ENTRIES, DICTIONARY_ENTRY_BYTES);
  for (let index: u32 = 0; index < capacity; index++) {
    const entry = table + DICTIONARY_ENTRIES + index * DICTIONARY_ENTRY_BYTES;
    if (isKey(load<u64>(entry)))
      dataOrAccessor(smallIn(entry + 16), load<u64>(entry), load<u64>(entry, 8), -1);
  }
}

/** The global object's are in cells: flags, name and value. */
function globalProperties(table: usize): void {
  const capacity = capacityOf(table, GLOBAL_ENTRIES, 8);
  for (let index: u32 = 0; index < capacity; index++) {
    const cell = placeOf(load<u64>(table + GLOBAL_ENTRIES + 8 * index));
    if (cell === 0 || !typeIs(cell, propertyCellType)) continue;
    dataOrAccessor(smallIn(cell + 16), load<u64>(cell, 8), load<u64>(cell, 24), -1);
  }
}

/** Neither an empty slot of a table nor one whose entry was removed. */
function isKey(word: u64): bool {
  return word !== undefinedWord && word !== holeWord && (word & 1) !== 0;
}

function elementEdges(map: usize, place: usize, type: u32): void {
  const elements = placeOf(load<u64>(place, ELEMENTS));
  if (elements === 0) return;
  const kind = (<u32>load<u8>(placeOfMap(map), MAP_BITS_2)) >> ELEMENTS_KIND_SHIFT;
  const elementsType = typeOf(mapOf(elements));
  if (elementsType === numberDictionaryType) {
    slowElements(elements);
    return;
  }
  const isFast = kind === FAST_ELEMENTS || kind === HOLEY_ELEMENTS;
  if (!isFast || elementsType < fixedArrayFirst || elementsType > fixedArrayLast) return;
  const capacity = elementsIn(elements);
  const length = type === jsArrayType ? smallIn(place + JS_ARRAY_LENGTH) : capacity;
  for (let index: u32 = 0; index < length && index < capacity; index++) {
    const word = load<u64>(elements + ARRAY_DATA + 8 * index);
    if (word !== holeWord && (word & 1) !== 0) plain(ELEMENT_EDGE, index, word, -1);
  }
}

function slowElements(table: usize): void {
  const capacity = capacityOf(table, NUMBER_ENTRIES, DICTIONARY_ENTRY_BYTES);
  for (let index: u32 = 0; index < capacity; index++) {
    const entry = table + NUMBER_ENTRIES + index * DICTIONARY_ENTRY_BYTES;
    const key = load<u64>(entry);
    if (key === undefinedWord || key === holeWord) continue;
    const number = placeOf(key);
    const element = number === 0 ? <u32>(key >> 32) : <u32>load<f64>(number, 8);
    plain(ELEMENT_EDGE, element, load<u64>(entry, 8), -1);
  }
}

/** Fields of an object made by V8's API, before its properties: for the program that embeds V8. */
function embedderFields(map: usize, place: usize): void {
  const start = <u32>8 * load<u8>(placeOfMap(map), MAP_IN_OBJECT_START);
  for (let at = apiHeader, index: u32 = 0; at < start; at += 8, index++)
    numbered(index, load<u64>(place + at), <i32>at);
}

function dataOrAccessor(details: u32, key: u64, word: u64, offset: i32): void {
  if ((details & IS_ACCESSOR) === 0) {
    property(key, word, offset);
    return;
  }
  const pair = placeOf(word);
  if (pair === 0 || !typeIs(pair, accessorPairType)) return;
  property(key, word, offset);
  accessor('get ', key, load<u64>(pair, 8));
  accessor('set ', key, load<u64>(pair, 16));
}

function accessor(prefix: string, key: u64, word: u64): void {
  const place = placeOf(word);
  if (place === 0 || typeIs(place, oddballType)) return;
  if (!isString(key)) {
    property(key, word, -1);
    return;
  }
  beginText();
  addLiteral(prefix);
  addText(textOfWord(key));
  plain(PROPERTY_EDGE, endText(), word, -1);
}

export function property(key: u64, word: u64, offset: i32): void {
  const name = nameOfKey(key);
  plain(name === EMPTY ? INTERNAL_EDGE : PROPERTY_EDGE, name, word, offset);
}

function nameOfKey(key: u64): u32 {
  const place = placeOf(key);
  if (place === 0) return EMPTY;
  if (!typeIs(place, symbolType)) return textOfWord(key);
  const description = load<u64>(place, SYMBOL_DESCRIPTION);
  if (!isString(description)) return SYMBOL;
  const text = textOf(placeOf(description));
  if ((load<u32>(place, SYMBOL_FLAGS) & privateNameFlags) !== 0) return text;
  beginText();
  addLiteral('<symbol ');
  addText(text);
  addByte(0x3e);
  return endText();
}

export function functionEdges(map: usize, place: usize): void {
  const mapPlace = placeOfMap(map);
  const bits = <u32>load<u8>(mapPlace, MAP_BITS);
  if ((bits & HAS_PROTOTYPE_SLOT) !== 0) prototypeEdges(mapPlace, bits, load<u64>(place, FUNCTION_PROTOTYPE));
  if (functionHandle !== 0)
    internal(CODE, codeOfHandle(load<u32>(place + functionHandle)), <i32>functionHandle);
}

/** Its prototype, or the map of what it constructs, which knows the prototype. */
function prototypeEdges(mapPlace: usize, bits: u32, word: u64): void {
  const place = placeOf(word);
  if (place === 0 || word === holeWord) return;
  const isMap = typeIs(place, mapType);
  if (typeOf(mapOf(place)) >= receiverFirst) {
    property(prototypeName, word, <i32>FUNCTION_PROTOTYPE);
    return;
  }
  if (!isMap && !typeIs(place, tuple2Type)) {
    property(prototypeName, word, <i32>FUNCTION_PROTOTYPE);
    return;
  }
  let prototype = load<u64>(place + (isMap ? MAP_PROTOTYPE : 16));
  if ((bits & HAS_OTHER_PROTOTYPE) !== 0) {
    const pair = placeOf(load<u64>(mapPlace, MAP_CONSTRUCTOR));
    if (pair !== 0 && typeIs(pair, tuple2Type)) prototype = load<u64>(pair, 16);
    else if (isMap) prototype = constructorOf(mapPlace);
  }
  property(prototypeName, prototype, -1);
  internal(isMap ? INITIAL_MAP : OTHER_PROTOTYPE, word, <i32>FUNCTION_PROTOTYPE);
}

export function boundEdges(place: usize): void {
  const bindings = load<u64>(place, BOUND_ARGUMENTS);
  tag(bindings, BOUND_TAG, KEEP_TYPE);
  internal(BINDINGS, bindings, <i32>BOUND_ARGUMENTS);
  internal(BOUND_THIS_NAME, load<u64>(place, BOUND_THIS), <i32>BOUND_THIS);
  internal(BOUND_FUNCTION_NAME, load<u64>(place, BOUND_FUNCTION), <i32>BOUND_FUNCTION);
  const array = placeOf(bindings);
  if (array === 0) return;
  const count = elementsIn(array);
  for (let index: u32 = 0; index < count; index++) {
    beginText();
    addLiteral('bound_argument_');
    addNumber(index);
    plain(SHORTCUT_EDGE, endText(), load<u64>(array + ARRAY_DATA + 8 * index), -1);
  }
}
