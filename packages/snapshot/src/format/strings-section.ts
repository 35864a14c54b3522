/** Finds where each string of a snapshot's strings section begins and ends. */
import type { Section } from './section.js';
import { unexpected } from './format-error.js';
import { isSpace } from './section.js';

export interface StringTaker {
  /**
   * Receives the bytes of a string from `at` on, with escapes; returns the position of its closing quote, or
   * the chunk's end if the quote is not in it.
   */
  take(chunk: Uint8Array, at: number): number;
}

const QUOTE = 0x22;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/** What may come next. */
const enum Expect {
  StringOrEnd,
  String,
  Inside,
  CommaOrEnd,
}

/** Passes each string to `strings`; calls `onClose` after the last one. */
export function stringsSection(strings: StringTaker, onClose: () => void): Section {
  let expect = Expect.StringOrEnd;
  let closed = false;

  function push(chunk: Uint8Array, at: number, base: number): number {
    while (at < chunk.length && !closed) {
      const byte = chunk[at];
      if (expect === Expect.Inside) {
        at = strings.take(chunk, at);
        if (at === chunk.length) return at;
        expect = Expect.CommaOrEnd;
      } else if (byte === QUOTE && expect <= Expect.String) expect = Expect.Inside;
      else if (byte === COMMA && expect === Expect.CommaOrEnd) expect = Expect.String;
      else if (byte === CLOSE_BRACKET && expect !== Expect.String) {
        closed = true;
        onClose();
      } else if (!isSpace(byte)) {
        const what = expect === Expect.CommaOrEnd ? 'a comma or the end of the strings' : 'a string';
        throw unexpected(byte, base + at, what);
      }
      at++;
    }
    return at;
  }

  return {
    push,
    get closed() {
      return closed;
    },
  };
}
