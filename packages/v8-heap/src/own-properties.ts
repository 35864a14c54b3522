/** Reads the own properties of an object from its map or its dictionary. */
import { WORD, type HeapAccess } from './heap-access.js';
import { textOf } from './heap-strings.js';
import { isTagged, wordAt, type ObjectMap } from './object-map.js';

const MAX_PROPERTIES = 64;
const MAX_DICTIONARY_WORDS = 1 << 13;

interface Descriptor {
  key: number;
  details: number;
  value: number;
}

/** Tells whether an object keeps its properties in a separate table instead of where the map says. */
export function isDictionary({ layout }: HeapAccess, map: ObjectMap): boolean {
  return ((map.bytes.readUInt32LE(layout.map.bitField3) >>> layout.dictionaryBit) & 1) === 1;
}

/**
 * Yields the names of properties that refer to something. Small integers are not references, so a snapshot
 * omits them.
 */
export function* referringNames(heap: HeapAccess, map: ObjectMap): Generator<string> {
  const { details } = heap.layout;
  for (const own of descriptors(heap, map)) {
    const representation = (own.details & details.representationMask) >>> details.representationShift;
    const name = representation === details.smi ? null : textOf(heap, own.key);
    if (name !== null) yield name;
  }
}

/** Returns a function that reads the property `constructor` of an object; null if it has none. */
export function constructorReader(heap: HeapAccess): PropertyReader {
  return propertyReader(heap, 'constructor');
}

/** Reads one property of an object, given with its map: its word, null if it has none. */
export type PropertyReader = (object: number, map: ObjectMap) => number | null;

/**
 * Returns a function that reads the own property with this name.
 * @param maxWords how long a table of properties may be
 */
export function propertyReader(
  heap: HeapAccess,
  name: string,
  maxWords = MAX_DICTIONARY_WORDS,
): PropertyReader {
  const { details, array, nameDictionary, map: layoutOfMap, object: layoutOfObject } = heap.layout;
  // V8 stores each property name once.
  let knownKey = 0;
  const isKey = (key: number): boolean => {
    if (key === knownKey) return true;
    if (knownKey !== 0 || textOf(heap, key) !== name) return false;
    knownKey = key;
    return true;
  };

  const inDictionary = (table: number): number | null => {
    if (heap.mapOf(table) === null) return null;
    const length = heap.smallIn(table, array.length, maxWords);
    const entries = length === null ? null : heap.read(table, array.data, length * WORD);
    if (length === null || entries === null) return null;
    const step = nameDictionary.entryWords;
    for (let at = nameDictionary.prefix; at + step <= length; at += step) {
      const key = wordAt(entries, at * WORD);
      if (isTagged(key) && isKey(key)) return wordAt(entries, (at + 1) * WORD);
    }
    return null;
  };

  return (object, map) => {
    const table = heap.wordIn(object, layoutOfObject.properties);
    if (isDictionary(heap, map)) return table === null ? null : inDictionary(table);
    const own = descriptors(heap, map).find(({ key }) => isKey(key));
    if (own === undefined) return null;
    if ((own.details & details.locationMask) !== 0) return own.value;
    const index = (own.details & details.indexMask) >>> details.indexShift;
    const start = map.bytes[layoutOfMap.inObjectStartInWords];
    const inObject = map.instanceSize / WORD - start;
    if (index < inObject) return heap.wordIn(object, (start + index) * WORD);
    return table === null ? null : heap.wordIn(table, array.data + (index - inObject) * WORD);
  };
}

/** Returns the properties stored in its map or at a place that the map gives. */
function descriptors(heap: HeapAccess, map: ObjectMap): Descriptor[] {
  const { ownDescriptors, descriptorArrayHeader, map: layoutOfMap } = heap.layout;
  const bits = map.bytes.readUInt32LE(layoutOfMap.bitField3);
  const count = Math.min((bits & ownDescriptors.mask) >>> ownDescriptors.shift, MAX_PROPERTIES);
  const pointer = wordAt(map.bytes, layoutOfMap.descriptors);
  if (!isTagged(pointer) || count === 0) return [];
  const entries = heap.read(pointer, descriptorArrayHeader, count * 3 * WORD);
  if (entries === null) return [];
  return Array.from({ length: count }, (_, at) => ({
    key: wordAt(entries, at * 3 * WORD),
    details: entries.readUInt32LE(at * 3 * WORD + WORD + 4),
    value: wordAt(entries, at * 3 * WORD + 2 * WORD),
  }));
}
