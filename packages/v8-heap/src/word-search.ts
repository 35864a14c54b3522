/** Searches the memory of a heap for words, at a gigabyte a second: for what refers to an object, and for strings. */
import type { MemoryReader, Region } from './memory.js';
import { isTagged } from './object-map.js';

/** A word that was found, in the part of memory that was read: two entries a word, the lower half first. */
export interface FoundWord {
  word: number;
  /** Of the word. */
  address: number;
  words: Uint32Array;
  /** Index of its lower half. */
  at: number;
}

const BLOCK_BYTES = 1 << 22;
const UPPER = 2 ** 32;

/** Calls back with each part of the regions that can be read; the next one overwrites it. */
export function eachPart(
  { read }: Pick<MemoryReader, 'read'>,
  regions: readonly Region[],
  take: (words: Uint32Array, address: number) => void,
): void {
  const room = new ArrayBuffer(BLOCK_BYTES);
  for (const { start, end } of regions)
    for (let address = start; address < end; address += BLOCK_BYTES) {
      const bytes = Math.min(BLOCK_BYTES, end - address) & ~7;
      if (read(address, new Uint8Array(room, 0, bytes))) take(new Uint32Array(room, 0, bytes / 4), address);
    }
}

/** Calls back with each word that is one of the tagged pointers. */
export function eachReference(
  memory: Pick<MemoryReader, 'read'>,
  regions: readonly Region[],
  pointers: ReadonlySet<number>,
  visit: (found: FoundWord) => void,
): void {
  if (pointers.size === 0) return;
  const lowerHalves = new Set([...pointers].map((pointer) => pointer % UPPER));
  eachPart(memory, regions, (words, start) => {
    for (let at = 0; at < words.length; at += 2) {
      const lower = words[at];
      if ((lower & 3) !== 1 || !lowerHalves.has(lower)) continue;
      const word = words[at + 1] * UPPER + lower;
      if (pointers.has(word)) visit({ word, address: start + at * 4, words, at });
    }
  });
}

/**
 * Calls back with the address of each place where a sequential one-byte string with this text may be.
 * @param lengthAt where a string has its length, and its characters after it, in bytes
 */
export function eachText(
  memory: Pick<MemoryReader, 'read'>,
  regions: readonly Region[],
  text: string,
  { length: lengthAt, chars: charsAt }: { length: number; chars: number },
  visit: (address: number) => void,
): void {
  const bytes = Buffer.from(text.slice(0, 4), 'latin1');
  const first = bytes.length < 4 ? null : bytes.readUInt32LE(0);
  eachPart(memory, regions, (words, start) => {
    for (let at = 0; at + charsAt / 4 < words.length; at += 2)
      if (
        words[at + lengthAt / 4] === text.length &&
        words[at + charsAt / 4] === first &&
        isTagged(words[at])
      )
        visit(start + at * 4);
  });
}
