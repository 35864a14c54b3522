/** Finds texts and words in parts of memory. */
import type { MemoryReader, Region } from '../memory.js';
import { WORD } from './memory-words.js';

/** Shorter texts cannot be searched for: one this long has four characters at a multiple of four, wherever it lies. */
export const MIN_TEXT = 7;
const WINDOW = 4;
const BLOCK_BYTES = 1 << 20;
const FILTER_BITS = 12;
/** The golden ratio, as multiplicative hashing has it. */
const SPREAD = 0x9e3779b1;

interface Window {
  text: string;
  /** From the beginning of the text. */
  offset: number;
}

/** Where texts that end in a zero and equal one of these begin: ASCII, {@link MIN_TEXT} characters and more. */
export function findTexts(
  memory: MemoryReader,
  parts: readonly Region[],
  wanted: readonly string[],
): Map<string, number[]> {
  const found = new Map<string, number[]>(wanted.map((text) => [text, []]));
  const overlap = Math.max(...wanted.map(({ length }) => length)) + 1;
  const windows = windowsOf(wanted);
  // Nearly all of memory is neither: one look at a small table says so.
  const filter = new Uint8Array(1 << FILTER_BITS);
  for (const value of windows.keys()) filter[slotOf(value)] = 1;
  eachBlock(memory, parts, overlap, (block, address) => {
    const values = new Uint32Array(block.buffer, 0, Math.floor(block.length / WINDOW));
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (filter[slotOf(value)] === 0) continue;
      for (const { text, offset } of windows.get(value) ?? []) {
        const start = index * WINDOW - offset;
        // What begins in the next block is found there.
        if (start >= 0 && start < BLOCK_BYTES && isTextAt(block, start, text))
          found.get(text)?.push(address + start);
      }
    }
  });
  return found;
}

function windowsOf(wanted: readonly string[]): Map<number, Window[]> {
  const windows = new Map<number, Window[]>();
  for (const text of wanted)
    for (let offset = 0; offset < WINDOW; offset++) {
      const bytes = Uint8Array.from({ length: WINDOW }, (_, index) => text.charCodeAt(offset + index));
      const value = new DataView(bytes.buffer).getUint32(0, true);
      windows.set(value, [...(windows.get(value) ?? []), { text, offset }]);
    }
  return windows;
}

function slotOf(value: number): number {
  return Math.imul(value, SPREAD) >>> (32 - FILTER_BITS);
}

function isTextAt(block: Uint8Array, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (block[start + at] !== text.charCodeAt(at)) return false;
  return block[start + text.length] === 0;
}

/** Where words with one of these values are. */
export function findWords(
  memory: MemoryReader,
  parts: readonly Region[],
  wanted: readonly number[],
): number[] {
  const found: number[] = [];
  eachBlock(memory, parts, 0, (block, address) => {
    const halves = new Uint32Array(block.buffer, 0, Math.floor(block.length / WORD) * 2);
    for (const value of wanted) {
      const [lower, upper] = [value % 2 ** 32, Math.floor(value / 2 ** 32)];
      for (let at = halves.indexOf(lower); at >= 0; at = halves.indexOf(lower, at + 1))
        if (at % 2 === 0 && halves[at + 1] === upper) found.push(address + at * 4);
    }
  });
  return found;
}

/** Parts of memory, each with so many bytes of the next again; what is handed out is overwritten by the next. */
export function eachBlock(
  memory: MemoryReader,
  parts: readonly Region[],
  overlap: number,
  take: (block: Uint8Array, address: number) => void,
): void {
  const room = new Uint8Array(BLOCK_BYTES + overlap);
  for (const { start, end } of parts) {
    for (let address = start; address < end; address += BLOCK_BYTES) {
      const block = room.subarray(0, Math.min(BLOCK_BYTES + overlap, end - address));
      if (memory.read(address, block)) take(block, address);
    }
  }
}
