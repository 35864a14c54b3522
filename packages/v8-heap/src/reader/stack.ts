/** The stack of a thread, as it was captured. */
import type { ImageMemory } from '../image/image-memory.js';
import { WORD, type MemoryWords } from '../image/memory-words.js';
import { firstEndingAfter, type Region } from '../memory.js';

export interface Stack {
  /** Address of the first word. */
  start: number;
  /** Every word in use: what points to an object may be a reference. */
  words: BigUint64Array;
  /** Whether JavaScript may run on it: its thread was not captured by itself. */
  isRunning: boolean;
}

/** Linux gives a main thread 8 MB, unless it is told otherwise. */
const MAX_STACK_BYTES = 64 << 20;
/** Where the isolate has its StackGuard, before its roots table, at most. */
const BYTES_BEFORE_ROOTS = 1 << 10;
/** StackGuard::ThreadLocal has the limit for JavaScript and that for C++, which agree, each once or twice. */
const MAX_BETWEEN_LIMITS = 2;
/** Node's Worker::stack_size_ if `resourceLimits.stackSizeMb` does not change it, and what of it V8's limit leaves to C++. */
const WORKER_STACK_BYTES = 4 << 20;
const WORKER_BUFFER_BYTES = 192 << 10;
/** Pages of a stack that were never used, between those that were. */
const MAX_HOLE_BYTES = 1 << 16;
const NO_STACK: Stack = { start: 0, words: new BigUint64Array(0), isRunning: false };

/** That of the main thread, from the note in the image. */
export function mainStack({ contents, stackPointer }: ImageMemory, words: MemoryWords): Stack {
  if (stackPointer === null) return NO_STACK;
  const stack = contents.find(({ start, end }) => stackPointer >= start && stackPointer < end);
  if (stack === undefined) return NO_STACK;
  const start = stackPointer - (stackPointer % WORD);
  const bytes = Math.min(stack.end - start, MAX_STACK_BYTES);
  return { start, words: words.words(start, Math.floor(bytes / WORD)) ?? NO_STACK.words, isRunning: false };
}

/**
 * That of a worker thread, by the limits that its isolate has. Its registers are not in an image, so it is all that was ever
 * used; or nothing where the isolate does not point into it, because no JavaScript runs.
 */
export function workerStack(memory: ImageMemory, words: MemoryWords, rootsAddress: number): Stack {
  const isolate = words.words(rootsAddress - BYTES_BEFORE_ROOTS, BYTES_BEFORE_ROOTS / WORD) ?? NO_STACK.words;
  const isTouched = (address: number): boolean => {
    const { start } = memory.contents.at(firstEndingAfter(memory.contents, address)) ?? { start: Infinity };
    return start <= address;
  };
  // Few stacks are used down to their limits; other words that occur twice are where memory is.
  const limits = [...limitsIn(isolate)].sort((a, b) => Number(isTouched(a)) - Number(isTouched(b)));
  for (const limit of limits) {
    const stack = stackAbove(memory, limit);
    if (stack === null) continue;
    const isUsed = isolate.some((word) => Number(word) >= stack.start && Number(word) < stack.end);
    return isUsed ? { start: stack.start, words: wordsIn(memory, stack), isRunning: true } : NO_STACK;
  }
  return NO_STACK;
}

/** Values that occur again soon after, as both limits do. */
function limitsIn(isolate: BigUint64Array): Set<number> {
  const limits = new Set<number>();
  isolate.forEach((word, at) => {
    if (word === 0n || word % 8n !== 0n || word >> 47n !== 0n) return;
    if (isolate.subarray(at + 1, at + 1 + MAX_BETWEEN_LIMITS).includes(word)) limits.add(Number(word));
  });
  return limits;
}

/** What of a stack lies above its limit; null if nothing does. */
function stackAbove({ contents }: ImageMemory, limit: number): Region | null {
  const top = limit + WORKER_STACK_BYTES - WORKER_BUFFER_BYTES;
  const first = firstEndingAfter(contents, limit);
  if (first >= contents.length || contents[first].start >= limit + MAX_STACK_BYTES) return null;
  const start = Math.max(contents[first].start, limit);
  if (start < top) return { start, end: Math.min(top, lastEnd(contents, first, top)) };
  return { start, end: lastEnd(contents, first, start + MAX_STACK_BYTES) };
}

/** The end of what follows with small holes at most. */
function lastEnd(contents: readonly Region[], first: number, most: number): number {
  let { end } = contents[first];
  for (let at = first + 1; at < contents.length && contents[at].start < most; at++) {
    if (contents[at].start - end > MAX_HOLE_BYTES) break;
    end = contents[at].end;
  }
  return Math.min(end, most);
}

/** Holes are zeros. */
function wordsIn({ contents, read }: ImageMemory, { start, end }: Region): BigUint64Array {
  const words = new BigUint64Array(Math.floor((end - start) / WORD));
  const bytes = new Uint8Array(words.buffer);
  for (let at = firstEndingAfter(contents, start); at < contents.length && contents[at].start < end; at++) {
    const from = Math.max(contents[at].start, start);
    const to = Math.min(contents[at].end, start + bytes.length);
    if (from < to) read(from, bytes.subarray(from - start, to - start));
  }
  return words;
}

/** How many words of the stack point to within so many bytes of each address, and to none of the others more nearly. */
export function countNear(
  stack: BigUint64Array,
  addresses: readonly number[],
  bytes: number,
): Map<number, number> {
  const counts = new Map(addresses.map((address) => [address, 0]));
  for (const word of stack) {
    const value = Number(word);
    let nearest = -1;
    for (const address of addresses)
      if (Math.abs(value - address) < (nearest < 0 ? bytes : Math.abs(value - nearest))) nearest = address;
    if (nearest >= 0) counts.set(nearest, (counts.get(nearest) ?? 0) + 1);
  }
  return counts;
}
