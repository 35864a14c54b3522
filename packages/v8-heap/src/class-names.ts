/**
 * What the class of a map's objects is called, as a heap snapshot calls it (V8HeapExplorer in V8's source): objects by
 * their constructor, plain ones by their properties, all else by its type in parentheses.
 */
import type { ObjectLayout } from './object-layout.js';
import { isTagged, TAG, wordAt, type ObjectMap, type ObjectMaps } from './object-map.js';
import type { MemoryReader } from './memory.js';

const WORD = 8;
const LONGEST_NAME = 200;
/** As snapshots have it. */
const LONGEST_SHAPE = 120;
const MOST_PROPERTIES = 64;
const MOST_BACK_POINTERS = 1_000;
const MOST_PROTOTYPES = 10;
/** Parts of a string that was put together. */
const DEEPEST_STRING = 3;
const LARGEST_DICTIONARY = 1 << 16;
/** Of a scope's names; those of a larger one are kept apart from it. */
const MOST_INLINED_LOCALS = 75;
/** Behind the locals: what there is of class variable, name, and inferred name. */
const NAME_WORDS = 5;

export function classNames(
  memory: MemoryReader,
  layout: ObjectLayout,
  maps: ObjectMaps,
): (map: ObjectMap) => string {
  const { types, details, string, array, nameDictionary } = layout;

  const read = (address: number, bytes: number): Buffer | null => {
    const buffer = Buffer.alloc(bytes);
    return memory.read(address, buffer) ? buffer : null;
  };
  const mapOf = (pointer: number): ObjectMap | null => {
    if (!isTagged(pointer)) return null;
    const word = read(pointer - TAG, WORD);
    return word === null ? null : maps.at(wordAt(word, 0));
  };
  const wordIn = (pointer: number, offset: number): number => {
    const word = read(pointer - TAG + offset, WORD);
    return word === null ? 0 : wordAt(word, 0);
  };
  const isIn = (type: number, [first, last]: [number, number]): boolean => type >= first && type <= last;

  const text = (pointer: number, depth = 0): string | null => {
    const map = mapOf(pointer);
    if (map === null || map.type >= types.firstNonstring || depth > DEEPEST_STRING) return null;
    const representation = map.type & string.representationMask;
    if (representation === string.thin) return text(wordIn(pointer, string.actual), depth + 1);
    if (representation === string.cons) {
      const [first, second] = [string.first, string.second].map((offset) =>
        text(wordIn(pointer, offset), depth + 1),
      );
      return first === null || second === null ? null : (first + second).slice(0, LONGEST_NAME);
    }
    if (representation !== 0) return null;
    const head = read(pointer - TAG, string.chars);
    if (head === null) return null;
    const length = Math.min(head.readUInt32LE(string.length), LONGEST_NAME);
    const isOneByte = (map.type & string.oneByteBit) !== 0;
    const chars = read(pointer - TAG + string.chars, length * (isOneByte ? 1 : 2));
    return chars?.toString(isOneByte ? 'latin1' : 'utf16le') ?? null;
  };

  /** Of a function; empty where it has none. */
  const functionName = (pointer: number): string => {
    const map = mapOf(pointer);
    if (map === null || !isIn(map.type, types.functions)) return '';
    const shared = wordIn(pointer, layout.function.shared);
    if (mapOf(shared)?.type !== types.sharedFunctionInfo) return '';
    const name = wordIn(shared, layout.sharedFunctionInfo.nameOrScopeInfo);
    return mapOf(name)?.type === types.scopeInfo ? scopeName(name) : (text(name) ?? '');
  };

  const scopeName = (scope: number): string => {
    const locals = wordIn(scope, layout.scopeInfo.localCount) / 2 ** 32;
    if (!Number.isInteger(locals) || locals > LARGEST_DICTIONARY) return '';
    const words = locals < MOST_INLINED_LOCALS ? locals * 2 : locals + 1;
    for (let at = 0; at < NAME_WORDS; at++) {
      const found = text(wordIn(scope, layout.scopeInfo.firstLocal + (words + at) * WORD));
      if (found !== null) return found;
    }
    return '';
  };

  /** Its own properties, by their names; those that lie in its map or in a place that the map tells. */
  const descriptors = (map: ObjectMap): { key: number; details: number; value: number }[] => {
    const count = Math.min(
      (map.bytes.readUInt32LE(layout.map.bitField3) & layout.ownDescriptors.mask) >>>
        layout.ownDescriptors.shift,
      MOST_PROPERTIES,
    );
    const pointer = wordAt(map.bytes, layout.map.descriptors);
    if (!isTagged(pointer) || count === 0) return [];
    const entries = read(pointer - TAG + layout.descriptorArrayHeader, count * 3 * WORD);
    if (entries === null) return [];
    return Array.from({ length: count }, (_, at) => ({
      key: wordAt(entries, at * 3 * WORD),
      details: entries.readUInt32LE(at * 3 * WORD + WORD + 4),
      value: wordAt(entries, at * 3 * WORD + 2 * WORD),
    }));
  };

  /** V8 keeps each name of a property once. */
  let constructorKey = 0;
  const isConstructorKey = (key: number): boolean => {
    if (key === constructorKey) return true;
    if (constructorKey !== 0 || text(key) !== 'constructor') return false;
    constructorKey = key;
    return true;
  };

  const isDictionary = (map: ObjectMap): boolean =>
    ((map.bytes.readUInt32LE(layout.map.bitField3) >>> layout.dictionaryBit) & 1) === 1;

  const ownConstructor = (object: number, map: ObjectMap): number => {
    const properties = wordIn(object, layout.object.properties);
    if (isDictionary(map)) {
      if (mapOf(properties) === null) return 0;
      const length = wordIn(properties, array.length) / 2 ** 32;
      if (!Number.isInteger(length) || length * WORD > LARGEST_DICTIONARY) return 0;
      const entries = read(properties - TAG + array.data, length * WORD);
      if (entries === null) return 0;
      const step = nameDictionary.entryWords;
      for (let at = nameDictionary.prefix; at + step <= length; at += step) {
        const key = wordAt(entries, at * WORD);
        if (isTagged(key) && isConstructorKey(key)) return wordAt(entries, (at + 1) * WORD);
      }
      return 0;
    }
    const own = descriptors(map).find(({ key }) => isConstructorKey(key));
    if (own === undefined) return 0;
    if ((own.details & details.locationMask) !== 0) return own.value;
    const index = (own.details & details.indexMask) >>> details.indexShift;
    const start = map.bytes[layout.map.inObjectStartInWords];
    const inObject = map.instanceSize / WORD - start;
    return index < inObject
      ? wordIn(object, (start + index) * WORD)
      : wordIn(properties, array.data + (index - inObject) * WORD);
  };

  /** The function that made the first object of that map, or of those that it came from. */
  const mapConstructor = (map: ObjectMap): number => {
    let found = wordAt(map.bytes, layout.map.constructorOrBackPointer);
    for (let step = 0; step < MOST_BACK_POINTERS; step++) {
      const own = mapOf(found);
      if (own?.type === types.tuple2) found = wordIn(found, WORD);
      else if (own?.type !== types.map) return found;
      else found = wordIn(found, layout.map.constructorOrBackPointer);
    }
    return 0;
  };

  const receiverName = (map: ObjectMap): string => {
    // The lowest bit: it was made with new, by the function itself, not by one of a class derived from it.
    const isOwn = (map.bytes[layout.map.bitField2] & 1) === 1;
    const made = functionName(mapConstructor(map));
    if (isOwn && made !== '' && made !== 'Object') return made;
    let prototype = wordAt(map.bytes, layout.map.prototype);
    for (let step = 0; step < MOST_PROTOTYPES; step++) {
      const own = mapOf(prototype);
      if (own === null || !types.receivers.has(own.type)) break;
      const name = functionName(ownConstructor(prototype, own));
      if (name !== '') return name;
      prototype = wordAt(own.bytes, layout.map.prototype);
    }
    return made === '' ? 'Object' : made;
  };

  /** Small integers are no references, so that a snapshot does not have them. */
  const shapeName = (map: ObjectMap): string => {
    if (isDictionary(map)) return 'Object';
    const names: string[] = [];
    let length = '{'.length;
    for (const own of descriptors(map)) {
      const isSmall =
        (own.details & details.representationMask) >>> details.representationShift === details.smi;
      const name = isSmall ? null : text(own.key);
      if (name === null) continue;
      if (names.length > 0 && length + name.length > LONGEST_SHAPE) break;
      length += name.length + ', '.length;
      names.push(name);
    }
    return names.length === 0 ? 'Object' : `{${names.join(', ')}}`;
  };

  return (map) => {
    const { type } = map;
    if (type < types.firstNonstring) {
      const representation = type & string.representationMask;
      if (representation === string.cons) return '(concatenated string)';
      return representation === string.sliced ? '(sliced string)' : '(string)';
    }
    if (type === types.symbol) return '(symbol)';
    if (type === types.bigInt) return '(bigint)';
    if (type === types.heapNumber) return '(number)';
    if (types.code.has(type)) return '(compiled code)';
    if (types.shapes.has(type)) return '(object shape)';
    if (isIn(type, types.contexts)) return 'system / Context';
    if (isIn(type, types.fixedArrays) || type === types.fixedDoubleArray || type === types.byteArray)
      return '(array)';
    if (isIn(type, types.functions)) return 'Function';
    if (type === types.regExp) return 'RegExp';
    if (!types.receivers.has(type)) return '(system)';
    const name = receiverName(map);
    return name === 'Object' && type === types.jsObject ? shapeName(map) : name;
  };
}
