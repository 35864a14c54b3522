/** What an object alone may own: an object with one owner is told from others by it, and by the field that holds it. */
import { PROPERTIES } from '../constructor-names';
import { WEAK_EDGE } from '../edges';
import {
  contextFirst,
  contextLast,
  fixedArrayFirst,
  fixedDoubleArrayType,
  functionFirst,
  functionLast,
  mapType,
  nativeContextType,
  propertyArrayType,
  receiverFirst,
} from '../layout';
import { mapOf, typeOf } from '../maps';
import { nodeOf, NO_NODE } from '../nodes';
import { flagsOf, pageOf, placeOf, READ_ONLY } from '../pages';
import { sizeOf } from '../sizes';
import { FIELD_BYTES, FIELD_COUNT, FIELD_EDGE, FIELD_OFFSET, FIELDS, typeRow } from '../types';
import { areElements, fieldCount, fieldLasts, fieldName, fieldWord, readFields } from './fields';
import { mix } from './prints';

const ELEMENTS: usize = 16;
const MAX_OWNED: u32 = 128;
const places = memory.data(4 * MAX_OWNED, 4);
const edges = memory.data(8 * MAX_OWNED, 8);
const lasting = memory.data(MAX_OWNED);
export let ownedCount: u32 = 0;

export function ownedPlace(index: u32): usize {
  return load<u32>(places + 4 * index);
}

/** What the field is, in numbers. */
export function ownedEdge(index: u32): u64 {
  return load<u64>(edges + 8 * index);
}

/** Whether the field holds the same object as long as its owner lives. */
export function ownedLasts(index: u32): bool {
  return load<u8>(lasting + index) !== 0;
}

function add(word: u64, edge: u64, lasts: bool): void {
  if ((word & 3) !== 1 || ownedCount === MAX_OWNED) return;
  const place = placeOf(word);
  if (place === 0 || (flagsOf(pageOf(place)) & READ_ONLY) !== 0) return;
  const map = mapOf(place);
  if (map === 0 || typeOf(map) === mapType || nodeOf(place) === NO_NODE) return;
  store<u32>(places + 4 * ownedCount, <u32>place);
  store<u64>(edges + 8 * ownedCount, edge);
  store<u8>(lasting + ownedCount, lasts ? 1 : 0);
  ownedCount++;
}

/** Finds what the object at a place may own. */
export function findOwned(map: usize, place: usize): void {
  ownedCount = 0;
  const type = typeOf(map);
  const isContext = type >= contextFirst && type <= contextLast && type !== nativeContextType;
  if (type >= receiverFirst) stores(place);
  if (type >= receiverFirst || isContext) fields(map, place);
  if (type === mapType || isContext || (type >= functionFirst && type <= functionLast)) return;
  named(typeRow(type), place);
}

function fields(map: usize, place: usize): void {
  readFields(map, place);
  // Elements move within their array.
  if (areElements) return;
  for (let index: u32 = 0; index < fieldCount; index++)
    add(fieldWord(index), fieldName(index), fieldLasts(index));
}

/** V8 replaces an array by a larger one: it is another object then. */
function stores(place: usize): void {
  for (let at: usize = PROPERTIES; at <= ELEMENTS; at += ELEMENTS - PROPERTIES) {
    const word = load<u64>(place + at);
    const array = placeOf(word);
    if (array === 0) continue;
    const map = mapOf(array);
    if (map === 0) continue;
    const type = typeOf(map);
    const isPlain = type === fixedArrayFirst || type === fixedDoubleArrayType || type === propertyArrayType;
    add(word, mix(at, sizeOf(map, array)), isPlain);
  }
}

/** Fields that have names in every object of a type. */
function named(row: usize, place: usize): void {
  const count = load<u32>(row, FIELD_COUNT);
  let field = <usize>load<u32>(row, FIELDS);
  for (let index: u32 = 0; index < count; index++, field += FIELD_BYTES) {
    const edge = <u32>load<u8>(field, FIELD_EDGE);
    const offset = <usize>load<u16>(field, FIELD_OFFSET);
    if (edge !== WEAK_EDGE) add(load<u64>(place + offset), offset, false);
  }
}
