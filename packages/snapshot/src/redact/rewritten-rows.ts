/**
 * Rows of numbers on their way through: all are copied as they stand but the indexes of strings, which become
 * those of the form that the string is to be shown in. Nearly all bytes of a snapshot go through here.
 */
import type { Section } from '../document.js';
import { malformed, unexpected } from '../format-error.js';
import { isSpace } from '../numbers.js';
import type { Output } from './output.js';
import type { StringSlots } from './string-slots.js';
import { MAX_STRING_INDEX, type StringUses } from './string-uses.js';

export interface RowsToRewrite {
  /** What a row is called in errors. */
  what: string;
  /** Numbers in a row. */
  fields: number;
  /** Rows there must be; null where the header does not say. */
  count: number | null;
  /** The column that says what is to become of the names in its row, or -1: then `treatments[0]` does. */
  type: number;
  /** Columns with indexes of strings, behind `type`. */
  names: readonly number[];
  treatments: readonly Treatment[];
  /** The column whose numbers add up to `total`, or -1. */
  summed?: number;
  total?: number;
}

/** What becomes of the number in a column of names. */
export type Treatment =
  /** It is the index of a string, to be shown in this form; see {@link FORM}. */
  | { form: number; use: number }
  /** It is a number of V8's. */
  | 'number'
  /** It is the index of an element, with which a program may have put data in an array's place. */
  | 'element';

/** How the forms of a string lie in the strings of the output. */
export interface FormIndexes {
  /** How many forms a string has: two, or three with properties in a form of their own. */
  forms: number;
  slots: StringSlots;
  /** The index of an element that is to be written for another. */
  element(index: number): number;
}

const ZERO = 0x30;
const COMMA = 0x2c;
const MINUS = 0x2d;
const NEWLINE = 0x0a;
const CLOSE_BRACKET = 0x5d;
/** Digits of the numbers that are read four at a time. */
const SHORT = 8;
/** Four digits 0. */
const ZEROS = 0x30303030;
const POWERS_OF_TEN = [1, 10, 100, 1000, 10_000];
/** No number of a snapshot has more. */
const MOST_DIGITS = 16;
/** Elements are left alone below: a secret of seven digits is found by trying, whatever is done about it. */
export const SMALL_ELEMENT = 10_000_000;

/** In place of a form. */
const NUMBER = 254;
const ELEMENT = 255;

const enum Expect {
  NumberOrEnd,
  Number,
  Digit,
  CommaOrEnd,
}

/** What {@link shortNumbers} works with. */
interface Progress {
  /** Place in the input and in the output. */
  from: number;
  to: number;
  /** Of the number to come. */
  column: number;
  rows: number;
  /** Of the row. */
  type: number;
  sum: number;
  /** Whether a number has been read whose comma has not. */
  behindNumber: boolean;
}

export function rewrittenRows(
  rows: RowsToRewrite,
  indexes: FormIndexes,
  uses: StringUses,
  output: Output,
): Section {
  const { what, fields, count, type: typeColumn, treatments, summed = -1, total = 0 } = rows;
  const { forms, slots } = indexes;
  const isName = Uint8Array.from({ length: fields }, (_, column) => Number(rows.names.includes(column)));
  const formOf = Uint8Array.from(treatments, (treatment) =>
    treatment === 'number' ? NUMBER : treatment === 'element' ? ELEMENT : treatment.form,
  );
  const useOf = Uint8Array.from(treatments, (treatment) =>
    typeof treatment === 'string' ? 0 : treatment.use,
  );
  const progress: Progress = { from: 0, to: 0, column: 0, rows: 0, type: 0, sum: 0, behindNumber: false };
  const columns = { isName, formOf, useOf, typeColumn, summed, forms, slots };
  let expect = Expect.NumberOrEnd;
  let closed = false;
  /** Digits of a number that the last chunk ended in. */
  let pending = '';

  function push(chunk: Uint8Array, at: number, base: number): number {
    // At worst an index of one digit comes to lie at the end of the first block, where indexes have five.
    output.room(4 * (chunk.length - at) + 2 * MOST_DIGITS);
    while (at < chunk.length && !closed) {
      if (expect <= Expect.Number) {
        progress.from = at;
        progress.to = output.at;
        const before = progress.from;
        shortNumbers(chunk, output.block, uses.bits, progress, columns);
        at = progress.from;
        output.at = progress.to;
        if (progress.behindNumber) expect = Expect.CommaOrEnd;
        else if (at > before) expect = Expect.Number;
        if (at === chunk.length) break;
      }
      const byte = chunk[at];
      const isDigit = byte >= ZERO && byte <= ZERO + 9;
      if (expect !== Expect.CommaOrEnd && (isDigit || (byte === MINUS && pending === ''))) {
        pending += String.fromCharCode(byte);
        if (pending.length > MOST_DIGITS) throw malformed(base + at, `a number of the ${what}s is too long`);
        expect = Expect.Digit;
        at++;
        continue;
      }
      if (expect === Expect.Digit) {
        if (pending === '-') throw unexpected(byte, base + at, 'a digit');
        longNumber(pending, base + at);
        pending = '';
        expect = Expect.CommaOrEnd;
      }
      if (byte === COMMA && expect === Expect.CommaOrEnd) expect = Expect.Number;
      else if (byte === CLOSE_BRACKET && expect !== Expect.Number) close(base + at);
      else if (!isSpace(byte)) throw unexpected(byte, base + at, `a number or the end of the ${what}s`);
      output.block[output.at++] = byte;
      at++;
    }
    return at;
  }

  /** One of those that {@link shortNumbers} left, written as it is to be. */
  function longNumber(digits: string, offset: number): void {
    const value = Number(digits);
    const { column } = progress;
    if (column === typeColumn) progress.type = value;
    if (column === summed) progress.sum += value;
    output.text(isName[column] === 1 ? String(nameFor(value, offset)) : digits);
    if (++progress.column < fields) return;
    progress.column = 0;
    progress.rows++;
  }

  function nameFor(value: number, offset: number): number {
    const type = typeColumn < 0 ? 0 : progress.type;
    if (!(type >= 0 && type < treatments.length)) {
      throw malformed(offset, `${what} ${progress.rows} has the unknown type ${type}`);
    }
    const form = formOf[type];
    if (form === NUMBER) return value;
    // V8 writes an index over 2 ** 31 as a negative number.
    if (form === ELEMENT) return value >= 0 && value < SMALL_ELEMENT ? value : indexes.element(value >>> 0);
    if (value < 0 || value > MAX_STRING_INDEX) {
      throw malformed(offset, `${what} ${progress.rows} is out of range: its name is string ${value}`);
    }
    uses.reach(value);
    uses.bits[value] |= useOf[type];
    return (form === 0 ? value : slots.slotOf(value)) * forms + form;
  }

  function close(offset: number): void {
    closed = true;
    const { column, rows: read, sum } = progress;
    const reason =
      column > 0
        ? `its last ${what} has ${column} of ${fields} numbers`
        : count !== null && read !== count
          ? `there are ${read} ${what}s, of ${count} that its header promises`
          : summed >= 0 && sum !== total
            ? `its ${what}s have ${sum} edges, of ${total} that its header promises`
            : null;
    if (reason !== null) throw malformed(offset, reason);
  }

  return {
    push,
    get closed() {
      return closed;
    },
  };
}

interface Columns {
  isName: Uint8Array;
  formOf: Uint8Array;
  useOf: Uint8Array;
  typeColumn: number;
  summed: number;
  forms: number;
  slots: StringSlots;
}

/**
 * Numbers of up to eight digits with a comma behind each, which nearly all are: as they stand, or multiplied if
 * they are the index of a name. Stops at anything else, and where the chunk might end before a number does.
 *
 * Nearly all of the time of a redaction goes here, so digits are taken four at a time, in the bytes of a word: the
 * first digit is its lowest byte. What is written behind a number is written over by what follows.
 */
function shortNumbers(
  chunk: Uint8Array,
  block: Uint8Array,
  usesOf: Uint8Array,
  progress: Progress,
  { isName, formOf, useOf, typeColumn, summed, forms, slots }: Columns,
): void {
  const input = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const output = new DataView(block.buffer, block.byteOffset, block.length);
  const end = chunk.length - 2 * MOST_DIGITS;
  const fields = isName.length;
  let { from, to, column, rows, type, sum } = progress;
  progress.behindNumber = false;
  while (from < end) {
    // Types, counts and flags: half of all numbers have one digit.
    if (chunk[from + 1] === COMMA && isName[column] === 0) {
      const digit = chunk[from] - ZERO;
      if (digit >>> 0 > 9) break;
      block[to] = digit + ZERO;
      block[to + 1] = COMMA;
      from += 2;
      to += 2;
      if (column === typeColumn) type = digit;
      else if (column === summed) sum += digit;
      if (++column === fields) {
        column = 0;
        rows++;
      }
      continue;
    }
    const word = input.getInt32(from, true) ^ ZEROS;
    const next = input.getInt32(from + 4, true) ^ ZEROS;
    const others = notDigits(word);
    const length = others !== 0 ? firstByte(others) : 4 + firstByte(notDigits(next));
    if (length === 0 || (length === SHORT && (chunk[from + SHORT] ^ ZERO) <= 9)) break;
    if (isName[column] === 0) {
      output.setInt32(to, word ^ ZEROS, true);
      output.setInt32(to + 4, next ^ ZEROS, true);
      to += length;
      if (column === typeColumn) type = valueOf(word, next, length);
      else if (column === summed) sum += valueOf(word, next, length);
    } else {
      // Behind the last treatment there is none: that of a type nobody knows is not usual.
      const form = formOf[typeColumn < 0 ? 0 : type];
      const value = valueOf(word, next, length);
      if (form === NUMBER || (form === ELEMENT && value < SMALL_ELEMENT)) {
        output.setInt32(to, word ^ ZEROS, true);
        output.setInt32(to + 4, next ^ ZEROS, true);
        to += length;
      } else if (form < forms && value < usesOf.length) {
        usesOf[value] |= useOf[typeColumn < 0 ? 0 : type];
        to =
          form === 0 && forms === 2
            ? writeDoubled(output, to, word, next, length)
            : writeDecimal(block, to, (form === 0 ? value : slots.slotOf(value)) * forms + form);
      } else break;
    }
    from += length;
    if (++column === fields) {
      column = 0;
      rows++;
    }
    // V8 of Node 22 and before begins each row with a newline and the comma.
    if (chunk[from] === NEWLINE && chunk[from + 1] === COMMA) {
      block[to++] = NEWLINE;
      from++;
    }
    if (chunk[from] !== COMMA) {
      progress.behindNumber = true;
      break;
    }
    block[to++] = COMMA;
    from++;
  }
  progress.from = from;
  progress.to = to;
  progress.column = column;
  progress.rows = rows;
  progress.type = type;
  progress.sum = sum;
}

/** The highest bit of each byte that is not 0 to 9, up to the first of them; what is above that is not to be used. */
function notDigits(word: number): number {
  return ((word + 0x76767676) | word) & 0x80808080;
}

/** Which byte the lowest bit set is in; 4 where there is none. */
function firstByte(bits: number): number {
  return bits === 0 ? 4 : (31 - Math.clz32(bits & -bits)) >>> 3;
}

/** Of the number whose first `length` digits are in the bytes of two words. */
function valueOf(word: number, next: number, length: number): number {
  if (length <= 4) return fourDigits(word << (32 - 8 * length));
  return fourDigits(word) * POWERS_OF_TEN[length - 4] + fourDigits(next << (64 - 8 * length));
}

function fourDigits(word: number): number {
  const pairs = (Math.imul(word, 10) + (word >>> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}

/**
 * Writes twice the number: each digit doubled without its ten, and one more where the digit behind it is 5 or more.
 * Returns its end.
 */
function writeDoubled(output: DataView, to: number, word: number, next: number, length: number): number {
  const low = length >= 4 ? word : word & ((1 << (8 * length)) - 1);
  const high = length <= 4 ? 0 : length === 8 ? next : next & ((1 << (8 * length - 32)) - 1);
  const lowTens = ((low + 0x7b7b7b7b) & 0x80808080) >>> 7;
  const highTens = ((high + 0x7b7b7b7b) & 0x80808080) >>> 7;
  // Written over where the first digit has no ten: that is as often so as not, which no branch can foresee.
  output.setUint8(to, ZERO + 1);
  to += lowTens & 1;
  const lowCarries = (lowTens >>> 8) | (highTens << 24);
  output.setInt32(to, ((low << 1) - Math.imul(lowTens, 10) + lowCarries) | ZEROS, true);
  output.setInt32(to + 4, ((high << 1) - Math.imul(highTens, 10) + (highTens >>> 8)) | ZEROS, true);
  return to + length;
}

/** Returns its end. */
function writeDecimal(block: Uint8Array, to: number, value: number): number {
  let end = to + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let at = end - 1; at >= to; at--) {
    const tenth = Math.floor(value / 10);
    block[at] = ZERO + value - 10 * tenth;
    value = tenth;
  }
  return end;
}
