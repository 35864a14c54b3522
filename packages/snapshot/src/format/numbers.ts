/**
 * Parses the bytes of a JSON array of integers, some thousands at a time. Nearly all bytes of a snapshot go
 * through the one loop in {@link Numbers.push}.
 */
import { isSpace, type Section } from './section.js';
import { malformed, unexpected } from './format-error.js';

export interface Rows {
  /** Name of a row in errors. */
  what: string;
  /** How many numbers a row has. */
  fields: number;
  /** Whether numbers may be negative. */
  signed?: boolean;
  /** Receives whole rows, the first `length` numbers; returns an error if something is wrong with them. */
  take: (numbers: Float64Array, length: number) => Refusal | null;
  /** Called after the last row; returns what is missing, if anything. */
  missing: () => string | null;
}

export interface Refusal {
  /** Index among the rows received together. */
  row: number;
  reason: string;
}

const ROWS_AT_A_TIME = 1024;
const ZERO = 0x30;
const COMMA = 0x2c;
const MINUS = 0x2d;
const NEWLINE = 0x0a;
const CLOSE_BRACKET = 0x5d;
/** A number of this many digits always fits in the 31 bits that V8 computes fastest with. */
const SHORT = 9;

/** What may come next. */
const enum Expect {
  NumberOrEnd,
  Number,
  Digit,
  DigitOrComma,
  Comma,
}

// eslint-disable-next-line max-lines-per-function -- the hottest loop of reading: its state stays in locals
export function numbersSection({ what, fields, signed = false, take, missing }: Rows): Section {
  const numbers = new Float64Array(fields * ROWS_AT_A_TIME);
  /** How many of them have been read; more than a row only while a chunk is being processed. */
  let length = 0;
  let expect = Expect.NumberOrEnd;
  let number = 0;
  let sign = 1;
  let closed = false;
  /**
   * Offset in the chunk of the first number not yet passed on, and how many such numbers came from earlier
   * chunks.
   */
  let from = 0;
  let carried = 0;
  const stop: Stop = { at: 0, behindNumber: false };

  function push(chunk: Uint8Array, at: number, base: number): number {
    const endOfNumbers = behindLastNumber(chunk);
    from = at;
    carried = length;
    while (at < chunk.length) {
      if (expect <= Expect.Number) {
        const before = length;
        length = shortNumbers(chunk, at, endOfNumbers, numbers, length, stop);
        at = stop.at;
        if (stop.behindNumber) expect = Expect.Comma;
        else if (length > before) expect = Expect.Number;
        if (length === numbers.length) {
          flush(chunk, at, base);
          continue;
        }
        if (at >= chunk.length) break;
      }
      const byte = chunk[at];
      if (byte >= ZERO && byte <= 0x39) {
        if (expect === Expect.Comma) throw unexpected(byte, base + at, `a comma between ${what}s`);
        number = number * 10 + (byte - ZERO);
        expect = Expect.DigitOrComma;
      } else {
        if (expect === Expect.DigitOrComma) endNumber();
        if (byte === COMMA && expect === Expect.Comma) expect = Expect.Number;
        else if (byte === MINUS && signed && expect <= Expect.Number) {
          sign = -1;
          expect = Expect.Digit;
        } else if (byte === CLOSE_BRACKET && (expect === Expect.Comma || expect === Expect.NumberOrEnd)) {
          flush(chunk, at, base);
          close(base + at);
          return at + 1;
        } else if (!isSpace(byte) || expect === Expect.Digit) {
          throw unexpected(byte, base + at, expectation());
        }
      }
      at++;
      if (length === numbers.length) flush(chunk, at, base);
    }
    flush(chunk, at, base);
    return at;
  }

  function flush(chunk: Uint8Array, at: number, base: number): void {
    const whole = length - (length % fields);
    const refusal = take(numbers, whole);
    if (refusal) {
      const numbersBefore = (refusal.row + 1) * fields - carried;
      throw malformed(base + behindNumbers(chunk, from, numbersBefore), refusal.reason);
    }
    numbers.copyWithin(0, whole, length);
    length -= whole;
    from = at;
    carried = length;
  }

  function endNumber(): void {
    numbers[length++] = sign * number;
    number = 0;
    sign = 1;
    expect = Expect.Comma;
  }

  function expectation(): string {
    return expect === Expect.Comma ? `a comma or the end of the ${what}s` : `a number of the ${what}s`;
  }

  function close(offset: number): void {
    closed = true;
    const reason = length > 0 ? `its last ${what} has ${length} of ${fields} numbers` : missing();
    if (reason !== null) throw malformed(offset, reason);
  }

  return {
    push,
    get closed() {
      return closed;
    },
  };
}

/** Where a loop stopped. */
interface Stop {
  at: number;
  /** True after a number whose comma has not arrived yet. */
  behindNumber: boolean;
}

/**
 * Reads numbers of few digits, each followed by a comma, from `at` on: nearly all numbers are like that.
 * Stops at anything else, at `end`, or when `into` is full; returns how many numbers `into` then contains. A
 * separate function so that V8 keeps everything in registers: this loop takes most of the time of reading.
 */
function shortNumbers(
  chunk: Uint8Array,
  at: number,
  end: number,
  into: Float64Array,
  filled: number,
  stop: Stop,
): number {
  stop.behindNumber = false;
  while (at < end && filled < into.length) {
    let value = (chunk[at] - ZERO) | 0;
    if (value >>> 0 > 9) break;
    const start = at;
    let digit = (chunk[++at] - ZERO) | 0;
    while (digit >>> 0 <= 9) {
      value = (Math.imul(value, 10) + digit) | 0;
      digit = (chunk[++at] - ZERO) | 0;
    }
    if (at - start > SHORT || (digit !== COMMA - ZERO && digit !== NEWLINE - ZERO)) {
      at = start;
      break;
    }
    into[filled++] = value;
    // V8 of Node 22 and before begins each row with a newline and the comma.
    if (digit === NEWLINE - ZERO && chunk[++at] !== COMMA) {
      stop.behindNumber = true;
      break;
    }
    at++;
  }
  stop.at = at;
  return filled;
}

/**
 * Returns an offset such that a number that begins before it ends within the chunk, including a newline and a
 * comma after it.
 */
function behindLastNumber(chunk: Uint8Array): number {
  let at = chunk.length - 2;
  while (at > 0 && isDigit(chunk[at])) at--;
  return at;
}

/** Returns the offset after the next `count` numbers, for an error found after they were read. */
function behindNumbers(chunk: Uint8Array, at: number, count: number): number {
  for (; at < chunk.length && count > 0; at++) {
    if (isDigit(chunk[at]) && !isDigit(chunk[at + 1])) count--;
  }
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}
