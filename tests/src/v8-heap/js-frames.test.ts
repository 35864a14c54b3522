/** Which part of a stack is JavaScript's, on made-up stacks. */
import { framesOf } from '@afterimage/v8-heap/reader/js-frames';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const START = 0x7ffc_0000_0000;
const ROOTS = 0x1000_0000;
const WORDS = 256;
/** Markers are types times two: see StackFrame::TypeToMarker. */
const ENTRY = 2n;
const EXIT = 50n;

const addressOf = (index: number): bigint => BigInt(START + index * 8);

/** An exit frame at one index, called from an entry frame at another, which C++ called from the frame at `next`. */
function plant(stack: BigUint64Array, exit: number, entry: number, next: number | null): void {
  stack[exit - 1] = EXIT;
  stack[exit] = addressOf(entry);
  stack[entry - 1] = ENTRY;
  stack[entry - 8] = next === null ? 0n : addressOf(next);
}

function found(words: BigUint64Array, innermost: number | null): number[][] {
  const isolate = new BigUint64Array(512);
  if (innermost !== null) isolate[480] = addressOf(innermost);
  const frames = framesOf({ start: START, words }, ROOTS, { words: () => isolate });
  return frames.map(({ from, to }) => [from, to]);
}

test('no JavaScript is on the stack of a process that C++ code captured', () => {
  assert.deepEqual(found(new BigUint64Array(WORDS).fill(addressOf(200)), null), []);
});

test('an entry frame has the frame by which its caller was called, or none', () => {
  const stack = new BigUint64Array(WORDS);
  plant(stack, 20, 60, 100);
  plant(stack, 100, 140, null);
  assert.deepEqual(found(stack, 20), [
    [20, 60],
    [100, 140],
  ]);
});

test('what lies next to it leads nowhere, though it once was a frame', () => {
  const stack = new BigUint64Array(WORDS);
  plant(stack, 20, 60, null);
  plant(stack, 100, 140, null);
  stack[60 - 7] = addressOf(100);
  stack[60 - 9] = addressOf(100);
  assert.deepEqual(found(stack, 20), [[20, 60]]);
});
