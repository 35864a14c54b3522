/**
 * Names the class of a map's objects like a heap snapshot does (V8HeapExplorer in V8's source): objects by
 * their constructor, plain ones by their properties, everything else by its type in parentheses.
 */
import { heapAccess, isIn, WORD, type HeapAccess } from './heap-access.js';
import { functionName } from './heap-strings.js';
import type { MemoryReader } from './memory.js';
import type { ObjectLayout } from './object-layout.js';
import { wordAt, type ObjectMap, type ObjectMaps } from './object-map.js';
import { constructorReader, isDictionary, referringNames } from './own-properties.js';

/** Length limit that heap snapshots use. */
const MAX_SHAPE = 120;
const MAX_BACK_POINTERS = 1_000;
const MAX_PROTOTYPES = 10;

export function classNames(
  memory: MemoryReader,
  layout: ObjectLayout,
  maps: ObjectMaps,
): (map: ObjectMap) => string {
  const heap = heapAccess(memory, layout, maps);
  const constructorOf = constructorReader(heap);
  const { types } = layout;
  return (map) => {
    const named = nameOfType(layout, map.type);
    if (named !== null) return named;
    const name = receiverName(heap, constructorOf, map);
    return name === 'Object' && map.type === types.jsObject ? shapeName(heap, map) : name;
  };
}

/** Returns the name for objects that have no constructor; null for those that have one. */
function nameOfType({ types, string }: ObjectLayout, type: number): string | null {
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
  return types.receivers.has(type) ? null : '(system)';
}

function receiverName(
  heap: HeapAccess,
  constructorOf: (object: number, map: ObjectMap) => number | null,
  map: ObjectMap,
): string {
  const { layout } = heap;
  // The lowest bit is set if the object was made with `new` by the function itself, not by a derived class.
  const isOwn = (map.bytes[layout.map.bitField2] & 1) === 1;
  const made = functionName(heap, mapConstructor(heap, map)) ?? '';
  if (isOwn && made !== '' && made !== 'Object') return made;
  let prototype = wordAt(map.bytes, layout.map.prototype);
  for (let step = 0; step < MAX_PROTOTYPES; step++) {
    const own = heap.mapOf(prototype);
    if (own === null || !layout.types.receivers.has(own.type)) break;
    const name = functionName(heap, constructorOf(prototype, own)) ?? '';
    if (name !== '') return name;
    prototype = wordAt(own.bytes, layout.map.prototype);
  }
  return made === '' ? 'Object' : made;
}

/** Returns the function that made the first object of the map, or of the maps that it derives from. */
function mapConstructor(heap: HeapAccess, map: ObjectMap): number | null {
  const { types, map: layoutOfMap } = heap.layout;
  let found: number | null = wordAt(map.bytes, layoutOfMap.constructorOrBackPointer);
  for (let step = 0; step < MAX_BACK_POINTERS && found !== null; step++) {
    const own = heap.mapOf(found);
    if (own?.type === types.tuple2) found = heap.wordIn(found, WORD);
    else if (own?.type !== types.map) return found;
    else found = heap.wordIn(found, layoutOfMap.constructorOrBackPointer);
  }
  return null;
}

function shapeName(heap: HeapAccess, map: ObjectMap): string {
  if (isDictionary(heap, map)) return 'Object';
  const names: string[] = [];
  let length = '{'.length;
  for (const name of referringNames(heap, map)) {
    if (names.length > 0 && length + name.length > MAX_SHAPE) break;
    length += name.length + ', '.length;
    names.push(name);
  }
  return names.length === 0 ? 'Object' : `{${names.join(', ')}}`;
}
