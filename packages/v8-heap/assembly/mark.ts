/**
 * What is alive: everything that the roots lead to, as V8's collector before a snapshot leaves it. Weak references
 * keep nothing, keys of ephemerons keep their values.
 */
import { CONS, REPRESENTATION, SLICED, THIN, THIN_ACTUAL, isShortcut } from './strings';
import { clearBits, isAlive, setAlive } from './bitmap';
import { codeOfHandle } from './dispatch';
import {
  DESCRIPTOR_WORDS,
  forgetDescriptors,
  isDescriptors,
  usedDescriptors,
  VISIT_DESCRIPTORS,
  visitedAsFarAs,
  visitedDescriptors,
} from './descriptors';
import { isCleared, isGivenUp } from './doomed-code';
import { codeType, descriptorsAt, feedbackCellHandle, functionHandle } from './layout';
import { mapOf, typeOf } from './maps';
import {
  ARRAY_DATA,
  elementsIn,
  endOf,
  firstPlace,
  flagsOf,
  LARGE,
  pageAt,
  pageOf,
  placeOf,
  READ_ONLY,
  wordsIn,
} from './pages';
import { beginRelocations, isCodeTarget, nextRelocation, relocated } from './relocations';
import { reserve } from './room';
import { sizeOf } from './sizes';
import { pop, push } from './stack';
import { holdsWeakly, isWeakInCode } from './weak-in-code';
import { TO_END, typeRow, VISIT, VISIT_FROM, VISIT_TO, WEAK_WORDS } from './types';

/** Only the words in a type's range. */
export const VISIT_RANGE: u32 = 0;
/** None, not even those. */
export const VISIT_NOTHING: u32 = 1;
export const VISIT_EPHEMERONS: u32 = 2;
/** What follows the bytes of a PreparseData. */
export const VISIT_PREPARSE_DATA: u32 = 3;
/** Also the code behind a function's number for it. */
export const VISIT_FUNCTION: u32 = 4;
export const VISIT_FEEDBACK_CELL: u32 = 5;
/** All but the last of its elements, which links all contexts. */
export const VISIT_NATIVE_CONTEXT: u32 = 6;
/** A string: by how it is kept. */
export const VISIT_STRING: u32 = 7;
/** Nothing, but it is not an object either: free space. */
export const VISIT_FREE: u32 = 8;
/** Also what the machine code refers to. */
export const VISIT_INSTRUCTIONS: u32 = 9;
/** A map: of its array of descriptors, only those that are its own. */
export const VISIT_MAP: u32 = 10;

/** Keys and values of a hash table begin after its length and three counts. */
const TABLE_HEADER_WORDS: u32 = 3;

/** Fields of maps. */
const MAP_BITS_3: usize = 16;
const MAP_PROTOTYPE: usize = 24;
const MAP_DESCRIPTORS: usize = 40;
const MAP_END: usize = 72;
const OWN_DESCRIPTORS_SHIFT: u32 = 10;
const OWN_DESCRIPTORS: u32 = 0x3ff;

/** Places of ephemeron tables that are alive, in blocks of so many. */
const TABLES_A_BLOCK: u32 = 1023;
let tables: usize = 0;
let tableCount: u32 = 0;
/** Whether there was no more memory for what marking needs. */
export let isMarkingShort: bool = false;

/** Nothing is alive any more: marking begins again. */
export function forgetAlive(): void {
  clearBits();
  tables = 0;
  tableCount = 0;
}

/** Everything in read-only space is part of a snapshot. */
export function markReadOnly(index: u32): void {
  const page = pageAt(index);
  if ((flagsOf(page) & READ_ONLY) === 0) return;
  const end = endOf(page);
  for (let place = firstPlace(page); place < end;) {
    const map = mapOf(place);
    const size = map === 0 ? 0 : sizeOf(map, place);
    if (size === 0 || size > end - place) {
      place += 8;
      continue;
    }
    if (<u32>load<u8>(typeRow(typeOf(map)), VISIT) !== VISIT_FREE) setAlive(place);
    place += <usize>size;
  }
}

/** Marks what a root points to, and all that this leads to. */
export function markRoot(word: u64): void {
  mark(word);
  drain();
}

/** An object that a collection empties: itself, and nothing that it points to. */
export function markEmptied(word: u64): void {
  const place = placeOf(word);
  if (place !== 0 && mapOf(place) !== 0) setAlive(place);
}

function drain(): void {
  for (let place = pop(); place !== 0; place = pop()) visit(place);
}

/** Goes through the ephemeron tables until none adds anything. */
export function markEphemerons(): void {
  while (markAllValues()) drain();
}

function markAllValues(): bool {
  let added = false;
  /** The block in use is the last one, and alone not full. */
  let count = ((tableCount - 1) % TABLES_A_BLOCK) + 1;
  for (let block = tables; block !== 0; block = load<u32>(block)) {
    for (let index: u32 = 0; index < count; index++)
      if (markValues(load<u32>(block + 4 + 4 * index))) added = true;
    count = TABLES_A_BLOCK;
  }
  return added;
}

function markValues(table: usize): bool {
  let added = false;
  const count = elementsIn(table);
  for (let index = TABLE_HEADER_WORDS; index + 1 < count; index += 2) {
    const key = load<u64>(table + ARRAY_DATA + 8 * index);
    if ((key & 3) !== 1) continue;
    const keyPlace = placeOf(key);
    if (keyPlace === 0 || !isAlive(keyPlace)) continue;
    if (mark(load<u64>(table + ARRAY_DATA + 8 * index, 8))) added = true;
  }
  return added;
}

/** Whether the word points strongly to an object that was not yet alive. */
function mark(word: u64): bool {
  if ((word & 3) !== 1) return false;
  const place = placeOf(word);
  if (place === 0) return false;
  const page = pageOf(place);
  if ((flagsOf(page) & READ_ONLY) !== 0) return false;
  if ((flagsOf(page) & LARGE) !== 0 && place !== firstPlace(page)) return false;
  if (isAlive(place)) return false;
  const map = mapOf(place);
  const size = map === 0 ? 0 : sizeOf(map, place);
  if (size === 0 || size > endOf(page) - place) return false;
  const rule = <u32>load<u8>(typeRow(typeOf(map)), VISIT);
  if (rule === VISIT_FREE || (typeOf(map) === codeType && isGivenUp(place))) return false;
  if (isShortcut(map, place)) {
    const actual = load<u64>(place, THIN_ACTUAL);
    return actual !== word && !leadsOn(actual) && mark(actual);
  }
  setAlive(place);
  if (rule === VISIT_DESCRIPTORS) forgetDescriptors(place);
  push(place);
  return true;
}

function leadsOn(word: u64): bool {
  const place = placeOf(word);
  const map = place === 0 ? 0 : mapOf(place);
  return map !== 0 && isShortcut(map, place);
}

function visit(place: usize): void {
  const map = mapOf(place);
  mark(load<u64>(place));
  const type = typeOf(map);
  const row = typeRow(type);
  const size = <usize>sizeOf(map, place);
  switch (<u32>load<u8>(row, VISIT)) {
    case VISIT_RANGE:
      visitRange(place, row, size);
      return;
    case VISIT_EPHEMERONS:
      noteTable(place);
      return;
    case VISIT_PREPARSE_DATA:
      markWords(place + ((16 + load<u32>(place, 8) + 7) & ~7), place + size);
      return;
    case VISIT_FUNCTION:
      mark(codeOfHandle(load<u32>(place + functionHandle)));
      visitRange(place, row, size);
      return;
    case VISIT_FEEDBACK_CELL:
      mark(codeOfHandle(load<u32>(place + feedbackCellHandle)));
      visitRange(place, row, size);
      return;
    case VISIT_NATIVE_CONTEXT:
      markWords(place + 8, place + ARRAY_DATA + 8 * (elementsIn(place) - 1));
      return;
    case VISIT_INSTRUCTIONS:
      visitRange(place, row, size);
      visitInstructions(place);
      return;
    case VISIT_MAP:
      visitMap(place);
      return;
    case VISIT_DESCRIPTORS:
      visitDescriptors(place);
      return;
    case VISIT_STRING:
      visitString(place, type & REPRESENTATION);
      return;
    default:
      return;
  }
}

function visitRange(place: usize, row: usize, size: usize): void {
  const last = <usize>load<u16>(row, VISIT_TO);
  const to = last === TO_END || last > size ? size : last;
  const weak = load<u32>(row, WEAK_WORDS);
  for (let at = <u32>load<u16>(row, VISIT_FROM); at < <u32>to; at += 8) {
    const word = at >> 3;
    if (word >= 32 || ((weak >> word) & 1) === 0) mark(load<u64>(place + at));
  }
}

/** MarkingVisitorBase::VisitDescriptorsForMap in V8: maps share arrays, each has as many of the first as are its own. */
function visitMap(place: usize): void {
  markWords(place + MAP_PROTOTYPE, place + MAP_DESCRIPTORS);
  markWords(place + MAP_DESCRIPTORS + 8, place + MAP_END);
  const word = load<u64>(place, MAP_DESCRIPTORS);
  const array = (word & 3) === 1 ? placeOf(word) : 0;
  if (array === 0 || (flagsOf(pageOf(array)) & READ_ONLY) !== 0) return;
  if (!isDescriptors(array)) {
    mark(word);
    return;
  }
  if (!isAlive(array)) {
    if (sizeOf(mapOf(array), array) > endOf(pageOf(array)) - array) return;
    setAlive(array);
    forgetDescriptors(array);
    mark(load<u64>(array));
    markWords(array + 16, array + descriptorsAt);
  }
  markDescriptors(array, (load<u32>(place, MAP_BITS_3) >> OWN_DESCRIPTORS_SHIFT) & OWN_DESCRIPTORS);
}

/** Where something else than a map leads to it. */
function visitDescriptors(place: usize): void {
  markWords(place + 16, place + descriptorsAt);
  markDescriptors(place, usedDescriptors(place));
}

function markDescriptors(array: usize, count: u32): void {
  const known = visitedDescriptors(array);
  if (known >= count) return;
  visitedAsFarAs(array, count);
  const words = wordsIn(array, descriptorsAt, DESCRIPTOR_WORDS * count);
  const from = DESCRIPTOR_WORDS * known;
  if (words > from) markWords(array + descriptorsAt + 8 * from, array + descriptorsAt + 8 * words);
}

function visitInstructions(place: usize): void {
  const isWeak = holdsWeakly(place);
  const hasNone = isCleared(place);
  beginRelocations(place);
  while (nextRelocation())
    if (isCodeTarget || (!hasNone && (!isWeak || !isWeakInCode(relocated)))) mark(relocated);
}

function visitString(place: usize, representation: u32): void {
  if (representation === CONS) markWords(place + 16, place + 32);
  else if (representation === SLICED || representation === THIN) mark(load<u64>(place, 16));
}

function markWords(from: usize, to: usize): void {
  for (let at = from; at < to; at += 8) mark(load<u64>(at));
}

function noteTable(place: usize): void {
  if (tableCount % TABLES_A_BLOCK === 0) {
    const block = reserve(4 + 4 * TABLES_A_BLOCK);
    if (block === 0) {
      isMarkingShort = true;
      return;
    }
    store<u32>(block, <u32>tables);
    tables = block;
  }
  store<u32>(tables + 4 + 4 * (tableCount % TABLES_A_BLOCK), <u32>place);
  tableCount++;
}
