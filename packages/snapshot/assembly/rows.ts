/**
 * Copies rows of numbers unchanged, except for their names. Supports only V8's format: type first, name
 * second, a comma after each number, at most a newline before the last. Stops before any other row.
 */
import { parseDigits, writeDigits } from './digits';
import { ELEMENT, FORMS, NUMBER, OUTPUT, UNKNOWN, USES } from './layout';
import { addUses, NO_SLOT, slotOf } from './records';

const ZERO: i32 = 0x30;
const COMMA: i32 = 0x2c;
const NEWLINE: u8 = 0x0a;
/** More digits than fit in one word. */
const LONG = 9;
const MAX_DIGITS = 16;
/**
 * Smaller element indexes stay: a secret of seven digits can be found by trying all of them, whatever is
 * done.
 */
export const SMALL_ELEMENT: u32 = 10_000_000;

/**
 * Results of the last call: the number of rows, the sum of their `summed` columns, and the end of the output.
 */
export let rows: i32 = 0;
export let sum: f64 = 0;
export let outputEnd: usize = 0;

/**
 * Rewrites the rows from `from` on that end, including the comma after them, before `end`; returns where it
 * stopped.
 * @param fields numbers in a row, three or more
 * @param summed the column to add up, neither of the first two nor the last; or -1
 * @param forms number of forms per string
 * @param strings number of strings that have records
 */
export function rewriteRows(
  from: usize,
  end: usize,
  fields: i32,
  summed: i32,
  forms: i32,
  strings: u32,
): usize {
  let to = OUTPUT;
  let read: i32 = 0;
  let total: u64 = 0;
  while (from < end) {
    // One bit per byte.
    let commas = commasAt(from);
    let digits = digitsAt(from);
    if ((popcnt(commas) as i32) < fields) {
      commas |= commasAt(from + 32) << 32;
      digits |= digitsAt(from + 32) << 32;
      if ((popcnt(commas) as i32) < fields) break;
    }
    const typeEnd = firstOf(commas);
    let rest = withoutFirst(commas);
    const nameEnd = firstOf(rest);
    let rowEnd = nameEnd;
    let count: u32 = 0;
    let hasLongCount = false;
    for (let column = 2; column < fields; column++) {
      rest = withoutFirst(rest);
      const numberEnd = firstOf(rest);
      if (column === summed) {
        hasLongCount = numberEnd - rowEnd > LONG;
        count = parseDigits(from + rowEnd + 1, numberEnd - rowEnd - 1);
      }
      rowEnd = numberEnd;
    }
    if (hasLongCount || from + rowEnd >= end || !isRow(from, commas, digits, rowEnd, fields)) break;

    if (typeEnd > 2) break;
    let type = load<u8>(from) - ZERO;
    if (typeEnd === 2) type = type * 10 + load<u8>(from, 1) - ZERO;
    const form = load<u8>(FORMS + type);
    let copied: i32 = 0;
    if (form !== NUMBER) {
      if (form === UNKNOWN || nameEnd - typeEnd > LONG) break;
      const name = parseDigits(from + typeEnd + 1, nameEnd - typeEnd - 1);
      if (form !== ELEMENT) {
        if (name >= strings) break;
        const slot = select<u32>(slotOf(name), name, form !== 0);
        if (slot === NO_SLOT) break;
        addUses(name, load<u8>(USES + type));
        store<u32>(to, load<u32>(from));
        to = writeDigits(to + typeEnd + 1, slot * forms + form);
        copied = nameEnd;
      } else if (name >= SMALL_ELEMENT) break;
    }
    to = copy(to, from + copied, rowEnd + 1 - copied);
    from += rowEnd + 1;
    total += count;
    read++;
  }
  rows = read;
  sum = total as f64;
  outputEnd = to;
  return from;
}

function commasAt(at: usize): u64 {
  const comma = i8x16.splat(COMMA as i8);
  const low = i8x16.bitmask(i8x16.eq(v128.load(at), comma));
  const high = i8x16.bitmask(i8x16.eq(v128.load(at, 16), comma));
  return (low | (high << 16)) as u32 as u64;
}

function digitsAt(at: usize): u64 {
  const zero = i8x16.splat(ZERO as i8);
  const nine = i8x16.splat(9);
  const low = i8x16.bitmask(i8x16.le_u(i8x16.sub(v128.load(at), zero), nine));
  const high = i8x16.bitmask(i8x16.le_u(i8x16.sub(v128.load(at, 16), zero), nine));
  return (low | (high << 16)) as u32 as u64;
}

function firstOf(bits: u64): i32 {
  return ctz(bits) as i32;
}

function withoutFirst(bits: u64): u64 {
  return bits & (bits - 1);
}

/** Tells whether there are digits before each comma, and nothing else except a newline before the last. */
function isRow(from: usize, commas: u64, digits: u64, rowEnd: i32, fields: i32): bool {
  const row = ((2 as u64) << rowEnd) - 1;
  if ((commas & ((commas << 1) | 1) & row) !== 0) return false;
  // Shorter rows have no space for a number that is too long.
  if (rowEnd >= MAX_DIGITS + 2 * fields - 1 && hasLongNumber(digits & row)) return false;
  const others = ~(commas | digits) & row;
  if (others === 0) return true;
  // V8 of Node 22 and before begins each row with a newline and the comma.
  return (
    others === (1 as u64) << (rowEnd - 1) &&
    load<u8>(from + rowEnd - 1) === NEWLINE &&
    ((digits >> (rowEnd - 2)) & 1) !== 0
  );
}

function hasLongNumber(digits: u64): bool {
  // Positions where two digits begin, then four, eight and sixteen.
  const two = digits & (digits >> 1);
  const four = two & (two >> 2);
  const eight = four & (four >> 4);
  return (eight & (eight >> 8) & (digits >> MAX_DIGITS)) !== 0;
}

/** Copies up to 64 bytes and returns their end; may overwrite bytes after that. */
function copy(to: usize, from: usize, length: i32): usize {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  if (length > 32) {
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  }
  return to + length;
}
