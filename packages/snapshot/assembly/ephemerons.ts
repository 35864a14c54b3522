/**
 * Shortens V8's names for entries of weak maps (V8HeapExplorer::ExtractEphemeronHashTableReferences,
 * src/profiler/heap-snapshot-generator.cc), of which there may be as many as objects: `1 / part of key
 * (Session @3) -> value (token @5) pair in WeakMap (table @7)`. The names in them are those of nodes and may
 * be values; the numbers identify the entry and its table.
 */
import { OUTPUT } from './layout';

const ZERO: u8 = 0x30;
const POINT: u8 = 0x2e;
const CLOSE: u8 = 0x29;
const SPACE_AT: u16 = 0x4020;

/** ` / part of key (` */
const PART: u64 = 0x2074_7261_7020_2f20;
const OF_KEY: u64 = 0x2820_7965_6b20_666f;
/** `) -> value (` */
const ARROW: u64 = 0x6c61_7620_3e2d_2029;
const VALUE: u32 = 0x2820_6575;
/** `) pair in WeakMap (table @` */
const PAIR: u64 = 0x6920_7269_6170_2029;
const WEAK_MAP: u64 = 0x614d_6b61_6557_206e;
const TABLE: u64 = 0x656c_6261_7428_2070;
const BEFORE_KEY: usize = 16;
const BEFORE_VALUE: usize = 12;
const BEFORE_TABLE: usize = 26;

/**
 * Writes the name from `from` to `to` to the output without the names in it, and returns its length in bytes;
 * -1 if it is not such a name.
 */
export function shownEphemeron(from: usize, to: usize): i32 {
  const entryEnd = digitsEnd(from, to);
  if (entryEnd === from || load<u64>(entryEnd) !== PART || load<u64>(entryEnd, 8) !== OF_KEY) return -1;
  const key = entryEnd + BEFORE_KEY;

  const table = digitsBegin(key, to - 1);
  const valueEnd = table - BEFORE_TABLE;
  if (table === to - 1 || load<u8>(to - 1) !== CLOSE || valueEnd < key || !isBeforeTable(valueEnd)) return -1;
  const valueId = idBefore(key, valueEnd);
  if (valueId === 0) return -1;

  for (let keyEnd = key; keyEnd + BEFORE_VALUE <= valueId; keyEnd++) {
    if (load<u64>(keyEnd) !== ARROW || load<u32>(keyEnd, 8) !== VALUE) continue;
    const keyId = idBefore(key, keyEnd);
    if (keyId === 0) continue;
    let at = copy(OUTPUT, from, key);
    at = copy(ellipsis(at), keyId, keyEnd + BEFORE_VALUE);
    at = copy(ellipsis(at), valueId, to);
    return (at - OUTPUT) as i32;
  }
  return -1;
}

function isBeforeTable(at: usize): bool {
  return (
    load<u64>(at) === PAIR &&
    load<u64>(at, 8) === WEAK_MAP &&
    load<u64>(at, 16) === TABLE &&
    load<u16>(at, 24) === SPACE_AT
  );
}

/** Returns the start of the ` @123` that ends at `end`, not before `from`; 0 if there is none. */
function idBefore(from: usize, end: usize): usize {
  const digits = digitsBegin(from, end);
  const id = digits - 2;
  return digits < end && id >= from && load<u16>(id) === SPACE_AT ? id : 0;
}

function digitsEnd(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) - ZERO <= 9) at++;
  return at;
}

function digitsBegin(from: usize, at: usize): usize {
  while (at > from && load<u8>(at - 1) - ZERO <= 9) at--;
  return at;
}

function ellipsis(to: usize): usize {
  for (let point = 0; point < 3; point++) store<u8>(to++, POINT);
  return to;
}

function copy(to: usize, from: usize, end: usize): usize {
  memory.copy(to, from, end - from);
  return to + end - from;
}
