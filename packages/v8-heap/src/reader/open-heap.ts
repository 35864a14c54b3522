/** From the memory of a process to its heap: pages, roots and what is known of this V8. */
import { findProgram, type LoadedProgram } from '../image/loaded-program.js';
import { memoryWords, type MemoryWords } from '../image/memory-words.js';
import type { ImageMemory } from '../image/image-memory.js';
import { heapTypes, type HeapTypes } from '../layouts/types.js';
import type { V8Version } from '../layouts/version.js';
import { versionOf } from '../layouts/versions.js';
import { compiledHeap, type CompiledHeap } from './compiled-heap.js';
import { writeMapLayout, writeSizes, writeVisits } from './layout-tables.js';
import { loadPages } from './load.js';
import { findNameTables, type NameTables } from './names-in-program.js';
import { findPages, type FoundPage } from './page-headers.js';
import { findRoots, learnTypes, type RootsTable } from './roots.js';
import { countNear, stackWords } from './stack.js';
import { readStep, UnreadableHeapError } from './unreadable-heap.js';

export interface OpenHeap {
  memory: ImageMemory;
  words: MemoryWords;
  program: LoadedProgram;
  names: NameTables;
  /** Of V8's object for the heap. */
  heapAddress: number;
  version: V8Version;
  types: HeapTypes;
  pages: readonly FoundPage[];
  roots: RootsTable;
  compiled: CompiledHeap;
}

/** The size of an isolate, which a heap is part of: its thread's stack has pointers into it. */
const ISOLATE_BYTES = 1 << 16;

/**
 * Opens the heap of the main thread.
 * @throws {UnreadableHeapError}
 * @throws {HeapTooLargeError} in load.ts
 */
export function openHeap(memory: ImageMemory): OpenHeap {
  return readStep(() => opened(memory));
}

function opened(memory: ImageMemory): OpenHeap {
  const version = knownVersion(memory.metadata.v8Version);
  const program = findProgram(memory, memory.files);
  if (program === null) throw new UnreadableHeapError('no program in the image has V8 and its metadata');
  const words = memoryWords(memory);
  const types = heapTypes(program.symbols, version.functionTypes);
  const found = findPages(words, memory.contents, version.page);
  const heapAddress = mainHeap(found, memory, words);
  if (heapAddress === null) throw new UnreadableHeapError('the image has no heap');
  const pages = found.filter(({ heap, isStale }) => (heap === heapAddress || heap === 0) && !isStale);
  const compiled = compiledHeap();
  loadPages(compiled, memory, pages);
  writeMapLayout(compiled, program.symbols, types);
  const names = findNameTables(program, words, version.firstRoot);
  const roots =
    names.roots === null ? null : findRoots(compiled, memory, words, heapAddress, names.roots, types);
  if (roots === null) throw new UnreadableHeapError('the roots of the heap are not where they should be');
  learnTypes(compiled, roots, types);
  writeSizes(compiled, version, program.symbols, types);
  writeVisits(compiled, version, types);
  return { memory, words, program, version, types, names, heapAddress, pages, roots, compiled };
}

/** @param told what the image says, of whatever kind */
function knownVersion(told: unknown): V8Version {
  if (typeof told !== 'string' || !/^[\w.+-]{1,64}$/.test(told))
    throw new UnreadableHeapError('the image does not say which version of V8 its heap is of');
  const version = versionOf(told);
  if (version === null) throw new UnreadableHeapError(`V8 ${told} is not among those that can be read`);
  return version;
}

/** The heap whose isolate the main thread's stack points to most; of those that are equal in it, that with most pages. */
function mainHeap(pages: readonly FoundPage[], memory: ImageMemory, words: MemoryWords): number | null {
  const counts = new Map<number, number>();
  for (const { heap } of pages) if (heap !== 0) counts.set(heap, (counts.get(heap) ?? 0) + 1);
  const heaps = [...counts.keys()];
  const near =
    heaps.length > 1 ? countNear(stackWords(memory, words), heaps, ISOLATE_BYTES) : new Map<number, number>();
  const of = (numbers: ReadonlyMap<number, number>, heap: number): number => numbers.get(heap) ?? 0;
  heaps.sort((a, b) => of(near, b) - of(near, a) || of(counts, b) - of(counts, a));
  return heaps.at(0) ?? null;
}
