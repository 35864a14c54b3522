/**
 * What a heap says of the thread that it belongs to: Node.js keeps the thread's number and name in the binding of its
 * worker module (src/node_worker.cc), and the script in `process.argv`. Both objects are found from the name of a
 * property that few others have: from the string to the tables with it, and from these to the objects.
 */
import { heapAccess, WORD, type HeapAccess } from './heap-access.js';
import { textOf } from './heap-strings.js';
import type { MemoryReader, Region } from './memory.js';
import type { ObjectLayout } from './object-layout.js';
import { objectMaps, TAG } from './object-map.js';
import { isDictionary, propertyReader } from './own-properties.js';
import { eachReference, eachText, type FoundWord } from './word-search.js';

export interface ThreadFacts {
  /**
   * As `worker_threads` numbers threads, 0 for the main thread. Null if the heap does not say it: the thread has not
   * started Node.js yet, or something else made the isolate.
   */
  threadId: number | null;
  /** Null if it has none, or if this Node.js does not tell the thread its name. */
  name: string | null;
  /** The file it runs, or `[worker eval]`; null if the heap does not say it. */
  script: string | null;
}

export const UNKNOWN_THREAD: ThreadFacts = { threadId: null, name: null, script: null };

/** Where to look: memory of one heap that can be read, and memory that all heaps share, which may have the strings. */
export interface HeapRegions {
  own: readonly Region[];
  readOnly: readonly Region[];
}

const NAME_IN_BINDING = 'ownsProcessState';
const NAME_IN_PROCESS = 'execArgv';
/** What Node.js calls a worker thread that was given no name. */
const DEFAULT_NAME = 'WorkerThread';
const MAX_THREAD_ID = 2 ** 31;
const MAX_ARGUMENTS = 1 << 16;
const MAX_SCRIPT = 4096;
/** Strings, tables, maps or objects that are followed; there are a few of each. */
const MAX_FOLLOWED = 256;
/** From the beginning of a table to a name in it, in words: `process` has one of 256 entries of three. */
const MAX_WORDS_BEFORE = 1 << 12;
/** Where a JSArray has its elements and its length. */
const ELEMENTS = 16;
const LENGTH = 24;
/** Where a HeapNumber has its number. */
const NUMBER = 8;

export function threadFacts(memory: MemoryReader, layout: ObjectLayout, regions: HeapRegions): ThreadFacts {
  const heap = heapAccess(memory, layout, objectMaps(memory, layout));
  const facts = { ...UNKNOWN_THREAD };
  const [idIn, nameIn] = [propertyReader(heap, 'threadId'), propertyReader(heap, 'threadName')];
  const isMainIn = propertyReader(heap, 'isMainThread');
  for (const [object, map] of objectsWith(NAME_IN_BINDING, heap, memory, regions)) {
    const isMain = heap.mapOf(isMainIn(object, map));
    const threadId = numberOf(heap, idIn(object, map));
    // What refers to a map is not always an object that has it.
    if (threadId === null || isMain?.type !== layout.types.oddball) continue;
    const name = textOf(heap, nameIn(object, map));
    Object.assign(facts, { threadId, name: name === '' || name === DEFAULT_NAME ? null : name });
    break;
  }
  const argumentsIn = propertyReader(heap, 'argv');
  for (const [object, map] of objectsWith(NAME_IN_PROCESS, heap, memory, regions))
    facts.script ??= secondText(heap, argumentsIn(object, map));
  return facts;
}

type MappedObject = [object: number, map: NonNullable<ReturnType<HeapAccess['mapOf']>>];

/** Objects of JavaScript that may have a property of this name. */
function objectsWith(
  name: string,
  heap: HeapAccess,
  memory: MemoryReader,
  { own, readOnly }: HeapRegions,
): MappedObject[] {
  const { descriptors } = heap.layout.map;
  const { properties } = heap.layout.object;
  // Types of objects of JavaScript come last, those without names in V8's metadata among them: `process` has one.
  const firstReceiver = Math.min(...heap.layout.types.receivers);
  const strings = new Set<number>();
  eachText(memory, [...own, ...readOnly], name, heap.layout.string, (address) => {
    if (strings.size < MAX_FOLLOWED && textOf(heap, address + TAG) === name) strings.add(address + TAG);
  });
  const tables = new Set<number>();
  eachReference(memory, own, strings, (found) => {
    const table = tables.size < MAX_FOLLOWED ? tableAround(heap, found) : null;
    if (table !== null) tables.add(table);
  });
  const objects = new Map<number, MappedObject>();
  const maps = new Set<number>();
  const take = (object: number): void => {
    const map = heap.mapOf(object);
    if (map !== null && map.type >= firstReceiver && objects.size < MAX_FOLLOWED)
      objects.set(object, [object, map]);
  };
  eachReference(memory, own, tables, ({ address }) => {
    const map = address - descriptors + TAG;
    if (heap.mapOf(map)?.type === heap.layout.types.map && maps.size < MAX_FOLLOWED) maps.add(map);
    const object = address - properties + TAG;
    const mapOfObject = heap.mapOf(object);
    if (mapOfObject !== null && isDictionary(heap, mapOfObject)) take(object);
  });
  eachReference(memory, own, maps, ({ address }) => take(address + TAG));
  return [...objects.values()];
}

/** The object before a word that is nearest: a table of properties, where that is one. */
function tableAround({ mapAt }: HeapAccess, { words, at, address }: FoundWord): number | null {
  for (let before = 2; before <= at && before <= 2 * MAX_WORDS_BEFORE; before += 2) {
    const lower = words[at - before];
    if ((lower & 3) === 1 && mapAt(words[at - before + 1] * 2 ** 32 + lower) !== null)
      return address - before * 4 + TAG;
  }
  return null;
}

/** A whole number from 0 on, as a small integer or as a HeapNumber. */
function numberOf(heap: HeapAccess, word: number | null): number | null {
  if (word === null) return null;
  const isNumber = heap.mapOf(word)?.type === heap.layout.types.heapNumber;
  const value = isNumber ? heap.read(word, NUMBER, WORD)?.readDoubleLE(0) : word / 2 ** 32;
  return Number.isInteger(value) && value !== undefined && value >= 0 && value < MAX_THREAD_ID ? value : null;
}

/** The second text of an array. */
function secondText(heap: HeapAccess, array: number | null): string | null {
  if (array === null || heap.mapOf(array) === null) return null;
  const length = heap.smallIn(array, LENGTH, MAX_ARGUMENTS);
  const elements = heap.wordIn(array, ELEMENTS);
  if (length === null || length < 2 || elements === null || heap.mapOf(elements) === null) return null;
  return textOf(heap, heap.wordIn(elements, heap.layout.array.data + WORD), MAX_SCRIPT);
}
