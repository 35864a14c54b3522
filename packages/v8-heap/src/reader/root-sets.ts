/**
 * What is alive by itself: the roots that V8's collector begins with. Some of them lie in V8's own objects of C++, of
 * which nothing is known but what they contain; they are found by it.
 */
import { eachBlock } from '../image/memory-search.js';
import { WORD } from '../image/memory-words.js';
import { without } from '../memory.js';
import { STRING_TYPES } from '../object-layout.js';
import type { CompiledHeap } from './compiled-heap.js';
import { handlesInScopes } from './handle-scopes.js';
import { isolateWords } from './isolate-words.js';
import { frameWords } from './js-frames.js';
import type { OpenHeap } from './open-heap.js';

export interface RootSets {
  /** Code objects of all builtins, in their order. */
  builtins: bigint[];
  isolate: bigint[];
  globalHandles: bigint[];
  /** They keep nothing alive. */
  weakHandles: bigint[];
  eternalHandles: bigint[];
  /** Objects that V8's start-up snapshot refers to. */
  startupCache: bigint[];
  /** And those of them that several isolates can share: strings, most of all. */
  shareableCache: bigint[];
  handleScope: bigint[];
  stack: bigint[];
}

/** Where the heap object has its vectors, at most. */
const HEAP_OBJECT_BYTES = 0x9000;
const MIN_BUILTINS = 1000;
const MIN_CACHE = 1000;
/** Vectors are three or four. */
const MAX_TRIED = 32;
const MAX_CACHE = 1 << 17;

export function findRootSets(heap: OpenHeap): RootSets {
  const { compiled, roots, types, heapAddress, words } = heap;
  const code = types.of('Code');
  const isObject = (word: bigint): boolean => (word & 3n) === 1n && typeAt(compiled, word) >= 0;
  const between = (from: number, to: number): bigint[] => [...(words.words(from, (to - from) / WORD) ?? [])];
  const tableEnd = roots.address + roots.byName.size * WORD;
  return {
    builtins: longestRun(between(tableEnd, heapAddress), (word) => typeAt(compiled, word) === code),
    isolate: isolateWords(heap).filter(isObject),
    ...globalHandles(heap),
    ...vectors(heap, isObject),
    handleScope: handlesInScopes(heap).filter(isObject),
    stack: frameWords(heap).filter(isObject),
  };
}

/** The type of the object that a word points to; -1 where there is none. */
export function typeAt(heap: CompiledHeap, word: bigint): number {
  const place = heap.placeOf(word);
  const map = place === 0 ? 0 : heap.mapOf(place);
  return map === 0 ? -1 : heap.typeOf(map);
}

function longestRun(words: readonly bigint[], matches: (word: bigint) => boolean): bigint[] {
  let best: bigint[] = [];
  let run: bigint[] = [];
  for (const word of words) {
    if (matches(word)) run.push(word);
    else run = [];
    if (run.length > best.length) best = run;
  }
  return best.length >= MIN_BUILTINS ? best : [];
}

/** Nodes of 32 bytes, 256 of them one after the other, each with its number: GlobalHandles in V8. */
const NODES_A_BLOCK = 256;
const NODE_BYTES = 32;
const NODE_INDEX = 10;
const NODE_FLAGS = 11;
const STATE_MASK = 3;
const STRONG_STATE = 1;
const WEAK_STATE = 2;

function globalHandles({ memory, pages }: OpenHeap): Pick<RootSets, 'globalHandles' | 'weakHandles'> {
  const strong: bigint[] = [];
  const weak: bigint[] = [];
  const isNodes = (block: Uint8Array, at: number): boolean => {
    for (let node = 0; node < NODES_A_BLOCK; node++)
      if (block[at + node * NODE_BYTES + NODE_INDEX] !== node) return false;
    return true;
  };
  const take = (block: Uint8Array, at: number): void => {
    const view = new DataView(block.buffer, block.byteOffset + at, NODES_A_BLOCK * NODE_BYTES);
    for (let node = 0; node < NODES_A_BLOCK; node++) {
      const state = view.getUint8(node * NODE_BYTES + NODE_FLAGS) & STATE_MASK;
      const set = state === STRONG_STATE ? strong : state === WEAK_STATE ? weak : null;
      set?.push(view.getBigUint64(node * NODE_BYTES, true));
    }
  };
  const overlap = NODES_A_BLOCK * NODE_BYTES;
  const pageRegions = pages.map(({ address, size }) => ({ start: address, end: address + size }));
  eachBlock(memory, without(memory.regions, pageRegions), overlap, (block) => {
    for (let at = 0; at + overlap <= block.length; at += 16) {
      const begins = block[at + NODE_INDEX] === 0 && block[at + NODE_BYTES + NODE_INDEX] === 1;
      if (begins && isNodes(block, at)) take(block, at);
    }
  });
  return { globalHandles: strong, weakHandles: weak };
}

/** Vectors of the isolate all of whose entries point to objects, or to blocks of such. */
function vectors(
  { compiled, words, heapAddress }: OpenHeap,
  isObject: (word: bigint) => boolean,
): Pick<RootSets, 'eternalHandles' | 'startupCache' | 'shareableCache'> {
  const eternalHandles = new Map<number, bigint[]>();
  const objectCaches: bigint[][] = [];
  const object = words.words(heapAddress, HEAP_OBJECT_BYTES / WORD) ?? new BigUint64Array(0);
  const tryBlocks = (count: number, begin: number, length: number): void => {
    if (length < 2 || length > MAX_BLOCKS || length !== Math.ceil(count / ETERNAL_A_BLOCK)) return;
    if (eternalHandles.has(begin)) return;
    tried++;
    eternalHandles.set(begin, handlesInBlocks(words, begin, count, isObject));
  };
  let tried = 0;
  for (let at = 1; at + 2 < object.length && tried < MAX_TRIED; at++) {
    const [count, begin, end, capacity] = object.slice(at - 1, at + 3);
    const length = vectorLength(begin, end, capacity);
    tryBlocks(Number(count), Number(begin), length);
    // Older versions have EternalHandles elsewhere: its number of handles, and its vector of blocks.
    const [size, first, last, room] = pointed(words, begin);
    tryBlocks(Number(size & MAX_INT), Number(first), vectorLength(first, last, room));
    // Much looks like a vector that is none: all of it is read only where the rest agrees.
    if (length > MIN_CACHE && length <= MAX_CACHE && isObject(words.words(Number(begin), 1)?.[0] ?? 0n)) {
      tried++;
      const entries = words.words(Number(begin), length);
      if (entries?.every(isObject) === true) objectCaches.push([...entries]);
    }
  }
  const isShareable = ([first]: bigint[]): boolean => typeAt(compiled, first) < STRING_TYPES;
  return {
    eternalHandles: [...eternalHandles.values()].flat(),
    startupCache: objectCaches.filter((cache) => !isShareable(cache)).flat(),
    shareableCache: objectCaches.filter(isShareable).flat(),
  };
}

/** The number of words of a vector; 0 where these are not its pointers. */
function vectorLength(begin: bigint, end: bigint, capacity: bigint): number {
  const isVector = begin > 0n && begin % 8n === 0n && end > begin && end % 8n === 0n && capacity >= end;
  return isVector ? Number((end - begin) / 8n) : 0;
}

function pointed(words: OpenHeap['words'], address: bigint): ArrayLike<bigint> & Iterable<bigint> {
  const isPointer = address !== 0n && address % 8n === 0n && address >> 48n === 0n;
  return (isPointer ? words.words(Number(address), 4) : null) ?? NO_WORDS;
}

const NO_WORDS = [0n, 0n, 0n, 0n];
const MAX_INT = 0xffffffffn;
const ETERNAL_A_BLOCK = 256;
const MAX_BLOCKS = 4096;

/** Blocks of 256 handles, of which the last is partly used: the rest of it is filled with a mark. */
function handlesInBlocks(
  words: OpenHeap['words'],
  begin: number,
  count: number,
  isObject: (word: bigint) => boolean,
): bigint[] {
  const handles: bigint[] = [];
  for (const entry of words.words(begin, Math.ceil(count / ETERNAL_A_BLOCK)) ?? []) {
    const block = words.words(Number(entry), ETERNAL_A_BLOCK);
    if (block === null || !isObject(block[0]) || !isObject(block[1])) return [];
    handles.push(...block);
  }
  return handles.slice(0, count).filter(isObject);
}
