/** References in the isolate itself, and in the blocks of C++ code that catch exceptions: Isolate::Iterate in V8. */
import { WORD } from '../image/memory-words.js';
import type { OpenHeap } from './open-heap.js';

/** Where the isolate begins before its roots table, at most. */
const BYTES_BEFORE_ROOTS = 1 << 12;
/** v8::TryCatch: the isolate, the next one, what was thrown, and the message about it. */
const TRY_CATCH_WORDS = 4;
const MAX_BLOCKS = 1000;

export function isolateWords({ stack, words, roots, version }: OpenHeap): bigint[] {
  const isolate = words.words(roots.address - BYTES_BEFORE_ROOTS, BYTES_BEFORE_ROOTS / WORD);
  if (isolate === null) return [];
  const end = stack.start + stack.words.length * WORD;
  const isOnStack = (word: bigint): boolean =>
    word % 8n === 0n && word >= BigInt(stack.start) && word < BigInt(end);
  const start = BigInt(roots.address - BYTES_BEFORE_ROOTS);
  const found = version.isolateRoots.map((offset) => isolate[(BYTES_BEFORE_ROOTS - offset) / WORD]);
  for (const word of new Set(isolate)) {
    for (let block = word, count = 0; isOnStack(block) && count < MAX_BLOCKS; count++) {
      const caught = words.words(Number(block), TRY_CATCH_WORDS);
      if (caught === null || caught[0] < start || caught[0] > BigInt(roots.address)) break;
      found.push(caught[2], caught[3]);
      block = caught[1];
    }
  }
  return found;
}
