/**
 * The part of the stack that JavaScript's frames take: only there do words refer to objects that V8's collector keeps.
 * C++ code, which calls JavaScript and is called by it, has handles instead (src/execution/frames.h in V8).
 */
import { WORD } from '../image/memory-words.js';
import type { OpenHeap } from './open-heap.js';
import { runningCode } from './running-code.js';
import type { Stack } from './stack.js';

/** Where ThreadLocalTop lies, before the roots table, at most. */
const BYTES_BEFORE_ROOTS = 1 << 12;
/** In words, from where a frame's pointer leads: its caller's pointer is there, and its type below it. */
const FRAME_TYPE = -1;
/** StackFrame::TypeToMarker of the types that C++ calls JavaScript by, and of the highest of all. */
const ENTRY = 2n;
const CONSTRUCT_ENTRY = 4n;
const MAX_MARKER = 200n;
const MAX_FRAMES = 1 << 20;
/**
 * In words, from where an entry frame's pointer leads: the pointer of the frame by which JavaScript called the C++ code that
 * calls it, or 0. EntryFrameConstants::kNextExitFrameFPOffset, in src/execution/x64/frame-constants-x64.h.
 */
const NEXT_EXIT_FRAME = -8;

interface Frames {
  /** Indices into the stack's words: of the frame by which C++ was called last, and of that by which C++ called. */
  from: number;
  to: number;
  /** Addresses in code that frames return to. */
  returns: Set<bigint>;
}

/**
 * All words of them, and the code that they return to. No JavaScript is on the stack of a main thread where none are found: it was
 * captured by C++ code. A worker may be anywhere in it, so that all words of its stack count.
 */
export function frameWords(heap: OpenHeap): bigint[] {
  const { stack, words, roots } = heap;
  const found = framesOf(stack, roots.address, words);
  if (found.length === 0) return stack.isRunning ? [...stack.words] : [];
  const inFrames = found.flatMap(({ from, to }) => [...stack.words.subarray(from, to + 1)]);
  const returns = new Set(found.flatMap((frames) => [...frames.returns]));
  return [...inFrames, ...runningCode(heap, [...returns])];
}

/**
 * Finds them, from the innermost on.
 * @param rootsAddress of the isolate's roots table, before which it has the innermost one's pointer
 */
export function framesOf(
  { start, words: stack }: Pick<Stack, 'start' | 'words'>,
  rootsAddress: number,
  words: Pick<OpenHeap['words'], 'words'>,
): Frames[] {
  const base = BigInt(start);
  /** An index into the stack; -1 where a word does not point to one above another. */
  const indexOf = (word: bigint, above: number): number => {
    const offset = word - base;
    if (offset <= 0n || offset % 8n !== 0n || offset >> 3n >= BigInt(stack.length)) return -1;
    const index = Number(offset >> 3n);
    return index > above ? index : -1;
  };
  const markerOf = (frame: number): bigint => stack[frame + FRAME_TYPE];
  const isMarker = (word: bigint): boolean => word > 0n && word % 2n === 0n && word <= MAX_MARKER;
  const isEntry = (frame: number): boolean =>
    markerOf(frame) === ENTRY || markerOf(frame) === CONSTRUCT_ENTRY;
  /** The frames up to an entry frame; null where they do not lead to one. */
  const upToEntry = (from: number): Frames | null => {
    if (from < 1 || !isMarker(markerOf(from)) || isEntry(from)) return null;
    const returns = new Set<bigint>();
    for (let frame = from, count = 0; frame > 0 && count < MAX_FRAMES; count++) {
      returns.add(stack[frame + 1]);
      frame = indexOf(stack[frame], frame);
      if (frame > 0 && isEntry(frame)) return { from, to: frame, returns };
    }
    return null;
  };
  const firstOf = (candidates: Iterable<bigint>, above: number): Frames | null => {
    let first: Frames | null = null;
    for (const word of candidates) {
      const frames = upToEntry(indexOf(word, above));
      if (frames !== null && (first === null || frames.from < first.from)) first = frames;
    }
    return first;
  };
  const found: Frames[] = [];
  const isolate = words.words(rootsAddress - BYTES_BEFORE_ROOTS, BYTES_BEFORE_ROOTS / WORD) ?? [];
  for (let frames = firstOf(isolate, 0); frames !== null;) {
    found.push(frames);
    const { to } = frames;
    frames = to + NEXT_EXIT_FRAME < 0 ? null : upToEntry(indexOf(stack[to + NEXT_EXIT_FRAME], to));
  }
  return found;
}
