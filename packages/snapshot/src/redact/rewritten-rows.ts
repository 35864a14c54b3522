/**
 * Rows of numbers on their way through: all are copied as they stand but the indexes of strings, which become
 * those of the form that the string is to be shown in. Nearly all bytes of a snapshot go through here.
 */
import type { Section } from '../format/section.js';
import { malformed, unexpected } from '../format/format-error.js';
import { isSpace } from '../format/section.js';
import type { CompiledRedaction } from './compiled.js';
import type { Output } from './output.js';
import { MAX_STRING_INDEX, type StringRecords } from './string-records.js';

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
  records: StringRecords;
  /** The index of an element that is to be written for another. */
  element: (index: number) => number;
}

const ZERO = 0x30;
const COMMA = 0x2c;
const MINUS = 0x2d;
const CLOSE_BRACKET = 0x5d;
/** No number of a snapshot has more. */
const MAX_DIGITS = 16;

const enum Expect {
  NumberOrEnd,
  Number,
  Digit,
  CommaOrEnd,
}

// eslint-disable-next-line max-lines-per-function -- a hot loop: its state stays in locals
export function rewrittenRows(
  rows: RowsToRewrite,
  { forms, records, element }: FormIndexes,
  compiled: CompiledRedaction,
  output: Output,
): Section {
  const { what, fields, count, type: typeColumn, names, treatments, summed = -1, total = 0 } = rows;
  const isUsual = prepare(rows, compiled);
  let expect = Expect.NumberOrEnd;
  let closed = false;
  /** Of the number to come. */
  let column = 0;
  let row = 0;
  /** Of the row. */
  let type = 0;
  let sum = 0;
  /** Digits of a number that is not whole yet. */
  let pending = '';
  /** Bytes before the input that are the beginning of a row. */
  let held = 0;

  /** Chunks are no longer than the compiled part's window. */
  function push(chunk: Uint8Array, start: number, base: number): number {
    const { INPUT } = compiled.layout;
    compiled.bytes.set(chunk.subarray(start), INPUT);
    const end = INPUT + chunk.length - start;
    let at = INPUT - held;
    while (at < end && !closed) {
      if (isUsual && column === 0 && expect <= Expect.Number) {
        at = wholeRows(at, end);
        if (hold(at, end)) return chunk.length;
      }
      takeByte(compiled.bytes[at], base + start + at - INPUT);
      at++;
    }
    held = 0;
    return start + at - INPUT;
  }

  /** Puts the beginning of a row before what comes next, if it can be no more than that. */
  function hold(at: number, end: number): boolean {
    const { bytes, layout } = compiled;
    if (end - at >= layout.MAX_ROW_BYTES || bytes.subarray(at, end).includes(CLOSE_BRACKET)) return false;
    held = end - at;
    bytes.copyWithin(layout.INPUT - held, at, end);
    return true;
  }

  /** Rows as V8 writes them, which nearly all are; returns where the first other begins, or one that is not whole. */
  function wholeRows(from: number, end: number): number {
    const stopped = compiled.rewriteRows(from, end, fields, summed, forms, records.room);
    if (stopped === from) return stopped;
    output.copy(compiled.bytes, compiled.layout.OUTPUT, compiled.outputEnd.value);
    row += compiled.rows.value;
    sum += compiled.sum.value;
    expect = Expect.Number;
    return stopped;
  }

  function takeByte(byte: number, offset: number): void {
    const isDigit = byte >= ZERO && byte <= ZERO + 9;
    if (expect !== Expect.CommaOrEnd && (isDigit || (byte === MINUS && pending === ''))) {
      pending += String.fromCharCode(byte);
      if (pending.length > MAX_DIGITS) throw malformed(offset, `a number of the ${what}s is too long`);
      expect = Expect.Digit;
      return;
    }
    if (expect === Expect.Digit) {
      if (pending === '-') throw unexpected(byte, offset, 'a digit');
      number(pending, offset);
      pending = '';
      expect = Expect.CommaOrEnd;
    }
    if (byte === COMMA && expect === Expect.CommaOrEnd) expect = Expect.Number;
    else if (byte === CLOSE_BRACKET && expect !== Expect.Number) close(offset);
    else if (!isSpace(byte)) throw unexpected(byte, offset, `a number or the end of the ${what}s`);
    output.byte(byte);
  }

  /** Written as it is to be. */
  function number(digits: string, offset: number): void {
    const value = Number(digits);
    if (column === typeColumn) type = value;
    if (column === summed) sum += value;
    output.text(names.includes(column) ? String(nameFor(value, offset)) : digits);
    if (++column < fields) return;
    column = 0;
    row++;
  }

  function nameFor(value: number, offset: number): number {
    const ofType = typeColumn < 0 ? 0 : type;
    const treatment = treatments[ofType] as Treatment | undefined;
    if (treatment === undefined) throw malformed(offset, `${what} ${row} has the unknown type ${ofType}`);
    if (treatment === 'number') return value;
    if (treatment === 'element') {
      // V8 writes an index over 2 ** 31 as a negative number.
      return value >= 0 && value < compiled.layout.SMALL_ELEMENT ? value : element(value >>> 0);
    }
    if (value < 0 || value > MAX_STRING_INDEX) {
      throw malformed(offset, `${what} ${row} is out of range: its name is string ${value}`);
    }
    const { form, use } = treatment;
    records.use(value, use);
    return (form === 0 ? value : records.slotOf(value)) * forms + form;
  }

  function close(offset: number): void {
    closed = true;
    const reason =
      column > 0
        ? `its last ${what} has ${column} of ${fields} numbers`
        : count !== null && row !== count
          ? `there are ${row} ${what}s, of ${count} that its header promises`
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

/** Tells the compiled part what becomes of names; returns whether it knows rows with such columns. */
function prepare(
  { fields, type, names, treatments, summed }: RowsToRewrite,
  compiled: CompiledRedaction,
): boolean {
  const { FORMS, USES, TYPES, NUMBER, ELEMENT, UNKNOWN } = compiled.layout;
  for (let of = 0; of < TYPES; of++) {
    const treatment = treatments[of] as Treatment | undefined;
    const isString = typeof treatment === 'object';
    compiled.bytes[USES + of] = isString ? treatment.use : 0;
    compiled.bytes[FORMS + of] = isString
      ? treatment.form
      : treatment === undefined
        ? UNKNOWN
        : treatment === 'number'
          ? NUMBER
          : ELEMENT;
  }
  const isSummed = summed !== undefined && summed >= 0;
  return (
    type === 0 &&
    names.length === 1 &&
    names[0] === 1 &&
    fields > 2 &&
    (!isSummed || (summed > 1 && summed < fields - 1))
  );
}
