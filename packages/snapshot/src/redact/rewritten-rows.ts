/**
 * Rewrites rows of numbers: copies them unchanged, except for string indexes, which become those of the form
 * to show. Nearly all bytes of a snapshot go through here.
 */
import type { Section } from '../format/section.js';
import { malformed, unexpected } from '../format/format-error.js';
import { isSpace } from '../format/section.js';
import type { CompiledRedaction } from './compiled.js';
import type { FormIndexes } from './form-indexes.js';
import type { Output } from './output.js';
import { MAX_STRING_INDEX } from './string-records.js';

export interface RowsToRewrite {
  /** Name of a row in errors. */
  what: string;
  /** How many numbers a row has. */
  fields: number;
  /** Required number of rows; null if the header does not give it. */
  count: number | null;
  /** The column that decides how names in its row are treated, or -1: then `treatments[0]` applies. */
  type: number;
  /** Columns with string indexes, after `type`. */
  names: readonly number[];
  treatments: readonly Treatment[];
  /** The column whose sum is compared with `total`, or -1. */
  summed?: number;
  total?: number;
}

/** How the number in a name column is treated. */
export type Treatment =
  /** A string index, to be shown in this form; see {@link FORM}. */
  | { form: number; use: number }
  /** A number from V8. */
  | 'number'
  /** An element index; a program may have used data as an array index. */
  | 'element';

const ZERO = 0x30;
const COMMA = 0x2c;
const MINUS = 0x2d;
const CLOSE_BRACKET = 0x5d;
/** No number of a snapshot has more digits. */
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
  /** Position of the next number. */
  let column = 0;
  let row = 0;
  /** Values of the current row. */
  let type = 0;
  let sum = 0;
  /** Digits of a number that is still incomplete. */
  let pending = '';
  /** Number of bytes before the input that are the beginning of a row. */
  let held = 0;

  /** Chunks are not longer than the compiled part's window. */
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

  /** Moves an incomplete row before the next chunk, if it can be no more than that. */
  function hold(at: number, end: number): boolean {
    const { bytes, layout } = compiled;
    if (end - at >= layout.MAX_ROW_BYTES || bytes.subarray(at, end).includes(CLOSE_BRACKET)) return false;
    held = end - at;
    bytes.copyWithin(layout.INPUT - held, at, end);
    return true;
  }

  /**
   * Rewrites rows in V8's format, which nearly all are; returns where the first other or incomplete row
   * begins.
   */
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

  /** Writes a number as its treatment requires. */
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

/** Passes the treatments to the compiled part; returns whether it supports rows with these columns. */
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
