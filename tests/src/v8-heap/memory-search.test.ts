/** Texts and words are found wherever they lie, each once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTexts, findWords, MIN_TEXT } from '@afterimage/v8-heap/image/memory-search';
import type { MemoryReader } from '@afterimage/v8-heap/memory';

const START = 0x10000;
/** Larger than what is searched at a time. */
const BYTES = 3 << 20;
const SEARCHED_AT_A_TIME = 1 << 20;

function memoryWith(parts: readonly [at: number, bytes: Uint8Array][]): MemoryReader {
  const bytes = new Uint8Array(BYTES).fill(0x2e);
  for (const [at, part] of parts) bytes.set(part, at);
  return {
    regions: [{ start: START, end: START + BYTES }],
    programBreak: null,
    isResident: () => true,
    read: (address, into) => {
      into.set(bytes.subarray(address - START, address - START + into.length));
      return true;
    },
    close: () => undefined,
  };
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const shortest = 'x'.repeat(MIN_TEXT - 1) + 'y';
const long = 'interpreter_entry_return_pc_offset';

for (let shift = 0; shift < 8; shift++) {
  test(`texts are found ${shift} bytes after a multiple of 8, and across the end of what is searched`, () => {
    const at = [0, 64, SEARCHED_AT_A_TIME - 8, SEARCHED_AT_A_TIME + 64, BYTES - 64].map(
      (each) => each + shift,
    );
    const memory = memoryWith(at.map((each) => [each, ascii(`${shortest}\0${long}\0`)]));
    const found = findTexts(memory, memory.regions, [shortest, long, 'not there']);
    assert.deepEqual(
      [...found],
      [
        [shortest, at.map((each) => START + each)],
        [long, at.map((each) => START + each + MIN_TEXT + 1)],
        ['not there', []],
      ],
    );
  });
}

test('a text that goes on is not found', () => {
  const memory = memoryWith([
    [16, ascii(`${shortest}z\0`)],
    [BYTES - MIN_TEXT, ascii(shortest)],
  ]);
  assert.deepEqual(findTexts(memory, memory.regions, [shortest]).get(shortest), []);
});

test('words are found at multiples of 8 alone', () => {
  const word = Buffer.alloc(8);
  word.writeBigUInt64LE(0x7f0012345678n);
  const at = [0, SEARCHED_AT_A_TIME - 8, SEARCHED_AT_A_TIME, BYTES - 8];
  const memory = memoryWith([...at, 28, 68].map((each) => [each, word]));
  assert.deepEqual(
    findWords(memory, memory.regions, [0x7f0012345678]),
    at.map((each) => START + each),
  );
});
