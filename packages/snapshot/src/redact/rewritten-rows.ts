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
/** As many digits as surely fit in the 31 bits that V8 computes fastest with. */
const SHORT = 9;
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
  const columns = { isName, formOf, useOf, typeColumn, summed, forms };
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
}

/**
 * Numbers of few digits with a comma behind each, which nearly all are: as they stand, or multiplied if they are
 * the index of a name. Stops at anything else, and where the chunk might end before a number does. On its own
 * so that V8 keeps everything in registers: this loop is where the time of a redaction goes.
 */
function shortNumbers(
  chunk: Uint8Array,
  block: Uint8Array,
  usesOf: Uint8Array,
  progress: Progress,
  { isName, formOf, useOf, typeColumn, summed, forms }: Columns,
): void {
  const end = chunk.length - MOST_DIGITS;
  const fields = isName.length;
  let { from, to, column, rows, type, sum } = progress;
  progress.behindNumber = false;
  while (from < end) {
    const first = from;
    const start = to;
    let digit = (chunk[from] - ZERO) | 0;
    let value = 0;
    while (digit >>> 0 <= 9) {
      value = (Math.imul(value, 10) + digit) | 0;
      block[to++] = digit + ZERO;
      digit = (chunk[++from] - ZERO) | 0;
    }
    // Also where there is no digit at all.
    let usual = (from - first - 1) >>> 0 < SHORT;
    if (isName[column] === 1) {
      const treatment = typeColumn < 0 ? 0 : type;
      // Behind the last treatment there is none, and behind the last string known no use: not usual, both.
      if (usual && formOf[treatment] === 0 && value < usesOf.length) {
        usesOf[value] |= useOf[treatment];
        to = multiplied(block, start, to, forms);
      } else if (formOf[treatment] === ELEMENT) usual &&= value < SMALL_ELEMENT;
      else if (formOf[treatment] !== NUMBER) usual = false;
    }
    if (!usual) {
      from = first;
      to = start;
      break;
    }
    if (column === typeColumn) type = value;
    else if (column === summed) sum += value;
    if (++column === fields) {
      column = 0;
      rows++;
    }
    // V8 of Node 22 and before begins each row with a newline and the comma.
    if (digit === NEWLINE - ZERO && chunk[from + 1] === COMMA) {
      block[to++] = NEWLINE;
      digit = chunk[++from] - ZERO;
    }
    if (digit !== COMMA - ZERO) {
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

/** Multiplies the decimal number from `start` to `end` by 2 or 3 where it stands; returns its new end. */
function multiplied(digits: Uint8Array, start: number, end: number, by: number): number {
  let carry = 0;
  for (let at = end - 1; at >= start; at--) {
    const product = Math.imul(digits[at] - ZERO, by) + carry;
    carry = product >= 20 ? 2 : product >= 10 ? 1 : 0;
    digits[at] = ZERO + product - 10 * carry;
  }
  if (carry === 0) return end;
  digits.copyWithin(start + 1, start, end);
  digits[start] = ZERO + carry;
  return end + 1;
}
