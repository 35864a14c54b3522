/** Words of 8 bytes in memory, and texts that end in a zero. */
import type { MemoryReader } from '../memory.js';

export const WORD = 8;
const MAX_TEXT = 256;

export interface MemoryWords {
  /** The word at an address; null where there is none. Exact below 2^53. */
  word(address: number): number | null;
  /** As many words from there on as can be read. */
  words(address: number, count: number): BigUint64Array | null;
  /** The text that begins there, in ASCII; null where there is none, or a longer one than names are. */
  text(address: number): string | null;
}

export function memoryWords({ read }: MemoryReader): MemoryWords {
  const one = new DataView(new ArrayBuffer(WORD));
  const text = new Uint8Array(MAX_TEXT);
  return {
    word: (address) => (read(address, new Uint8Array(one.buffer)) ? Number(one.getBigUint64(0, true)) : null),
    words: (address, count) => {
      const words = new BigUint64Array(count);
      return read(address, new Uint8Array(words.buffer)) ? words : null;
    },
    text: (address) => {
      // It may end just before memory does.
      for (let bytes = MAX_TEXT; bytes >= 1; bytes >>= 1) {
        const part = text.subarray(0, bytes);
        if (!read(address, part)) continue;
        const end = part.indexOf(0);
        return end < 0 ? null : String.fromCharCode(...part.subarray(0, end));
      }
      return null;
    },
  };
}
