/** Passes sections through unchanged: nested numbers, and strings if all may be shown. */
import type { Section } from '../format/section.js';
import { unexpected } from '../format/format-error.js';
import { isSpace } from '../format/section.js';
import type { StringTaker } from '../format/strings-section.js';
import type { CompiledRedaction } from './compiled.js';
import type { Output } from './output.js';

const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const MINUS = 0x2d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Passes on a sequence of numbers whose meaning is unknown. */
export function anythingPassedOn(output: Output): Section {
  let closed = false;
  return {
    push(chunk, at) {
      const end = chunk.indexOf(CLOSE_BRACKET, at);
      closed = end >= 0;
      const to = closed ? end + 1 : chunk.length;
      output.copy(chunk, at, to);
      return to;
    },
    get closed() {
      return closed;
    },
  };
}

/**
 * Rejects everything but numbers, commas and brackets, because it might be text. Chunks fit into the compiled
 * part's window.
 */
export function numbersPassedOn(what: string, compiled: CompiledRedaction, output: Output): Section {
  const { INPUT } = compiled.layout;
  let depth = 1;

  function push(chunk: Uint8Array, start: number, base: number): number {
    compiled.bytes.set(chunk.subarray(start), INPUT);
    let at = start;
    while (depth > 0) {
      at = start + compiled.endOfNumbers(INPUT + at - start, INPUT + chunk.length - start) - INPUT;
      if (at === chunk.length) break;
      const byte = chunk[at];
      if (byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACKET) depth--;
      else if (byte !== MINUS && !isSpace(byte)) {
        throw unexpected(byte, base + at, `a number of the section ${what}`);
      }
      at++;
    }
    output.copy(chunk, start, at);
    return at;
  }

  return {
    push,
    get closed() {
      return depth === 0;
    },
  };
}

export interface StringsPassedOn extends StringTaker {
  readonly count: number;
}

export function stringsPassedOn(output: Output): StringsPassedOn {
  let count = 0;
  let begun = false;
  let escaped = false;

  function take(chunk: Uint8Array, at: number): number {
    if (!begun) {
      begun = true;
      output.text(count++ === 0 ? '"' : ',\n"');
    }
    const start = at;
    for (; at < chunk.length; at++) {
      if (escaped) escaped = false;
      else if (chunk[at] === BACKSLASH) escaped = true;
      else if (chunk[at] === QUOTE) break;
    }
    output.copy(chunk, start, at);
    if (at < chunk.length) {
      output.text('"');
      begun = false;
    }
    return at;
  }

  return {
    take,
    get count() {
      return count;
    },
  };
}
