/** From the memory of a process to its heap: pages, roots and what is known of this V8. */
import { findProgram, type LoadedProgram } from '../image/loaded-program.js';
import { memoryWords, type MemoryWords } from '../image/memory-words.js';
import type { HeapFacts } from '@afterimage/image/facts';
import type { ImageMemory } from '../image/image-memory.js';
import { ISOLATE_BYTES, isHeapOf } from './heap-facts.js';
import { heapTypes, type HeapTypes } from '../layouts/types.js';
import type { V8Version } from '../layouts/version.js';
import { versionOf } from '../layouts/versions.js';
import { clearUnusedAreas } from './allocation-areas.js';
import { compiledHeap, type CompiledHeap } from './compiled-heap.js';
import { writeMapLayout, writeSizes, writeVisits } from './layout-tables.js';
import { loadPages } from './load.js';
import { findNameTables, type NameTables } from './names-in-program.js';
import { MIN_HEAP_PAGES } from '../pages.js';
import { findPages, type FoundPage } from './page-headers.js';
import { findRoots, learnTypes, type RootsTable } from './roots.js';
import { countNear, mainStack, workerStack, type Stack } from './stack.js';
import { CollectingHeapError, readStep, UnreadableHeapError } from './unreadable-heap.js';

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
  /** Of the thread that the heap belongs to. */
  stack: Stack;
  compiled: CompiledHeap;
}

/** One of an image's heaps: each thread of JavaScript has one. */
export interface HeapInImage {
  /** Of V8's object for the heap. */
  address: number;
  /** Those of its own, without those of read-only space. */
  pages: FoundPage[];
  /** Whether it is that of the main thread. */
  isMain: boolean;
}

/** StateTag in V8: 16 bits since V8 12, and `GC`. */
const STATE_RANGE = 1n << 16n;
const COLLECTING = 1n;

/**
 * Opens a heap.
 * @param address of V8's object for it, as {@link findHeaps} returns it; by default that of the main thread
 * @throws {UnreadableHeapError}
 * @throws {HeapTooLargeError} in load.ts
 */
export function openHeap(memory: ImageMemory, address?: number): OpenHeap {
  return readStep(() => opened(memory, address));
}

/**
 * All heaps of an image, that of the main thread first, and the pages of read-only space, which they share.
 * @throws {UnreadableHeapError}
 */
export function findHeaps(memory: ImageMemory): { heaps: HeapInImage[]; readOnly: FoundPage[] } {
  return readStep(() => {
    const words = memoryWords(memory);
    const pages = findPages(words, memory.contents, knownVersion(memory.metadata.v8Version).page);
    const heaps = heapsOf(pages, mainStack(memory, words).words, memory.facts.heap);
    return { heaps, readOnly: pages.filter(({ isReadOnly }) => isReadOnly) };
  });
}

function opened(memory: ImageMemory, address: number | undefined): OpenHeap {
  const version = knownVersion(memory.metadata.v8Version);
  const program = findProgram(memory, memory.files);
  if (program === null) throw new UnreadableHeapError('no program in the image has V8 and its metadata');
  const words = memoryWords(memory);
  const types = heapTypes(program.symbols, version.functionTypes);
  const found = findPages(words, memory.contents, version.page);
  const stackOfMain = mainStack(memory, words);
  const heaps = heapsOf(found, stackOfMain.words, memory.facts.heap);
  const wanted = heaps.find((heap) => (address === undefined ? heap.isMain : heap.address === address));
  if (wanted === undefined) throw new UnreadableHeapError('the image has no heap');
  const heapAddress = wanted.address;
  const pages = found.filter(({ heap, isStale }) => (heap === heapAddress || heap === 0) && !isStale);
  const compiled = compiledHeap();
  loadPages(compiled, memory, pages);
  writeMapLayout(compiled, program.symbols, types);
  const names = findNameTables(program, words, version.firstRoot);
  const roots =
    names.roots === null ? null : findRoots(compiled, memory, words, heapAddress, names.roots, types);
  if (roots === null) throw new UnreadableHeapError('the roots of the heap are not where they should be');
  clearUnusedAreas({ compiled, words, pages, roots });
  // Only the main thread was stopped.
  if (!wanted.isMain && isCollecting(words, roots.address - version.threadState))
    throw new CollectingHeapError('its thread was collecting garbage when the image was taken');
  learnTypes(compiled, roots, types);
  writeSizes(compiled, version, program.symbols, types);
  writeVisits(compiled, version, types);
  const stack = wanted.isMain ? stackOfMain : workerStack(memory, words, roots.address);
  return { memory, words, program, version, types, names, heapAddress, pages, roots, stack, compiled };
}

function isCollecting(words: MemoryWords, address: number): boolean {
  return (words.words(address, 1)?.[0] ?? 0n) % STATE_RANGE === COLLECTING;
}

/** @param told what the image says, of whatever kind */
function knownVersion(told: unknown): V8Version {
  if (typeof told !== 'string' || !/^[\w.+-]{1,64}$/.test(told))
    throw new UnreadableHeapError('the image does not say which version of V8 its heap is of');
  const version = versionOf(told);
  if (version === null) throw new UnreadableHeapError(`V8 ${told} is not among those that can be read`);
  return version;
}

/**
 * The main thread's is that of the isolate that the image says, or whose isolate its stack points to most; of those that are
 * equal in it, that with most pages. The others follow in the order of their pages.
 */
function heapsOf(found: readonly FoundPage[], stack: BigUint64Array, facts: HeapFacts | null): HeapInImage[] {
  const pagesOf = new Map<number, FoundPage[]>();
  for (const page of found) {
    const pages = pagesOf.get(page.heap);
    if (pages !== undefined) pages.push(page);
    else if (page.heap !== 0) pagesOf.set(page.heap, [page]);
  }
  const addresses = [...pagesOf.keys()];
  const near = addresses.length > 1 ? countNear(stack, addresses, ISOLATE_BYTES) : new Map<number, number>();
  const of = (address: number): number => near.get(address) ?? 0;
  const count = (address: number): number => pagesOf.get(address)?.length ?? 0;
  const said = addresses.find((address) => facts !== null && isHeapOf(facts, address));
  const [main] = [...addresses].sort((a, b) => of(b) - of(a) || count(b) - count(a));
  const heaps = [...pagesOf].map(([address, pages]) => ({
    address,
    pages,
    isMain: address === (said ?? main),
  }));
  const likely = heaps.filter(({ pages, isMain }) => isMain || pages.length >= MIN_HEAP_PAGES);
  return likely.sort((a, b) => Number(b.isMain) - Number(a.isMain));
}
