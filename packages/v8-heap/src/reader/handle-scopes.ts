/**
 * Handles that C++ code has to objects: HandleScopeImplementer in V8, which the isolate points to. It has the isolate's
 * address first, and then vectors: of blocks of handles, and of contexts that were entered or saved.
 */
import { WORD } from '../image/memory-words.js';
import type { OpenHeap } from './open-heap.js';

/** kHandleBlockSize in V8. */
const HANDLES_A_BLOCK = 1022;
/** What the isolate has before its roots table and after its heap object begins, at most. */
const BYTES_BEFORE_ROOTS = 1 << 12;
const BYTES_AFTER_HEAP = 5 << 13;
/** The isolate's address, and DetachableVectors of three words: where its entries are, for how many it has room, and how many there are. */
const VECTOR_WORDS = 3;
const VECTORS = 4;
const MAX_ENTRIES = 1 << 12;

/** All handles that are in use; words that are none may be among them. */
export function handlesInScopes({ words, roots, heapAddress }: OpenHeap): bigint[] {
  const start = roots.address - BYTES_BEFORE_ROOTS;
  const isolate = words.words(start, (heapAddress + BYTES_AFTER_HEAP - start) / WORD);
  if (isolate === null) return [];
  const nexts = nextHandles(isolate);
  for (const word of isolate) {
    if (word === 0n || word % 8n !== 0n || word >> 47n !== 0n) continue;
    const scopes = words.words(Number(word), 1 + VECTORS * VECTOR_WORDS);
    if (scopes === null || scopes[0] < BigInt(start) || scopes[0] > BigInt(roots.address)) continue;
    const blocks = vector(words, scopes, 1).map(Number);
    const last = blocks.at(-1);
    const next = last === undefined ? undefined : nexts.get(last + HANDLES_A_BLOCK * WORD);
    if (last === undefined || next === undefined) continue;
    return [
      ...blocks.slice(0, -1).flatMap((block) => [...(words.words(block, HANDLES_A_BLOCK) ?? [])]),
      ...(words.words(last, (next - last) / WORD) ?? []),
      ...[4, 7, 10].flatMap((at) => vector(words, scopes, at)),
    ];
  }
  return [];
}

/** HandleScopeData: the next handle of a block, by the block's end. Much looks like one that is none. */
function nextHandles(isolate: BigUint64Array): Map<number, number> {
  const nexts = new Map<number, number>();
  for (let at = 0; at + 1 < isolate.length; at++) {
    const [next, end] = [isolate[at], isolate[at + 1]];
    const isWithin = next !== 0n && next <= end && end - next <= HANDLES_A_BLOCK * WORD;
    if (isWithin && next % 8n === 0n && end % 8n === 0n) nexts.set(Number(end), Number(next));
  }
  return nexts;
}

function vector(words: OpenHeap['words'], holder: BigUint64Array, at: number): bigint[] {
  const [entries, capacity, count] = holder.subarray(at, at + VECTOR_WORDS);
  if (entries === 0n || count === 0n || count > capacity || capacity > MAX_ENTRIES) return [];
  return [...(words.words(Number(entries), Number(count)) ?? [])];
}
