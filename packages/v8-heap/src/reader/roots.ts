/** The roots table of an isolate: V8's own objects, by name. */
import type { ImageMemory } from '../image/image-memory.js';
import { WORD, type MemoryWords } from '../image/memory-words.js';
import type { HeapTypes } from '../layouts/types.js';
import { firstEndingAfter } from '../memory.js';
import type { CompiledHeap } from './compiled-heap.js';

export interface RootsTable {
  /** In the isolate. */
  address: number;
  /** What each root is, by its name: a tagged pointer or a small integer. */
  byName: ReadonlyMap<string, bigint>;
}

/** The heap is a part of its isolate, and the roots table lies before it. */
const MAX_DISTANCE = 1 << 18;
/** Maps that tell the table from anything else, by the types of their objects. */
const TELLING = [
  ['fixed_array_map', 'FixedArray'],
  ['symbol_map', 'Symbol'],
  ['heap_number_map', 'HeapNumber'],
  ['shared_function_info_map', 'SharedFunctionInfo'],
] as const;

/** The roots table before a heap; null where there is none. */
export function findRoots(
  heap: CompiledHeap,
  memory: ImageMemory,
  words: MemoryWords,
  heapAddress: number,
  names: readonly string[],
  types: HeapTypes,
): RootsTable | null {
  const telling = TELLING.map(([root, type]) => [names.indexOf(root), types.of(type)] as const);
  if (telling.some(([index]) => index < 0)) return null;
  const first = wordsBefore(memory, words, heapAddress);
  const lastStart = first.length - names.length;
  for (let at = 0; at <= lastStart; at++) {
    const isTable = telling.every(([index, type]) => typeOfMapAt(heap, first[at + index]) === type);
    if (!isTable) continue;
    const byName = new Map(names.map((name, index) => [name, first[at + index]]));
    return { address: heapAddress - (first.length - at) * WORD, byName };
  }
  return null;
}

/** As many as there are without a gap. */
function wordsBefore(
  { contents }: Pick<ImageMemory, 'contents'>,
  words: MemoryWords,
  address: number,
): BigUint64Array {
  const start = contents[firstEndingAfter(contents, address - WORD)]?.start ?? address;
  const bytes = Math.min(address - start, MAX_DISTANCE);
  return (bytes > 0 ? words.words(address - bytes, bytes / WORD) : null) ?? new BigUint64Array(0);
}

/** The type of the objects that a map is for; -1 where the word points to no map. */
function typeOfMapAt(heap: CompiledHeap, word: bigint): number {
  const map = heap.mapNamed(word);
  return map === 0 ? -1 : heap.typeOf(map);
}

/** Names the types that V8's metadata leaves out, by the maps among the roots. */
export function learnTypes(heap: CompiledHeap, roots: RootsTable, types: HeapTypes): void {
  for (const [name, word] of roots.byName) {
    if (!name.endsWith('_map')) continue;
    const type = typeOfMapAt(heap, word);
    if (type >= 0) types.learn(name, type);
  }
}
