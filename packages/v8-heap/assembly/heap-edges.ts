/**
 * Edges of every object, as V8HeapExplorer::ExtractReferences in V8 names them: first those that have names, then, as
 * hidden ones with numbers, what is left.
 */
import { CONS, REPRESENTATION, SLICED, THIN } from './strings';
import { backingStore, takeOther } from './outside';
import { elementsIn, heapEnd, heapStart, placeOf, smallIn, wordsIn } from './pages';
import { nextAlive } from './bitmap';
import { DESCRIPTOR_WORDS, descriptorsLeft, trimmedSize } from './descriptors';
import { isCleared } from './doomed-code';
import { contextEdges } from './context-edges';
import { codeEdges, feedbackEdges, poolTags, scopeTags, sharedEdges } from './code-edges';
import {
  edgeCount,
  edgeTo,
  flushEdges,
  forgetSeen,
  HIDDEN_EDGE,
  internal,
  INTERNAL_EDGE,
  isSeen,
  KEEP_TYPE,
  numbered,
  putEdge,
  tag,
  target,
  weak,
  WEAK_EDGE,
} from './edges';
import { boundEdges, functionEdges, objectEdges, storeEdges } from './js-edges';
import {
  bufferBytes,
  bufferStore,
  contextFirst,
  contextLast,
  descriptorsAt,
  fixedArrayFirst,
  fixedArrayLast,
  functionTemplateType,
  holeWord,
  mapInstanceType,
  mapType,
  transitionArrayType,
  undefinedWord,
} from './layout';
import { idOf } from './ids/ids';
import { mapOf, typeIs, typeOf } from './maps';
import { VISIT_INSTRUCTIONS, VISIT_NOTHING, VISIT_PREPARSE_DATA, VISIT_STRING } from './mark';
import { firstNode, NO_NODE, nodeNames, nodeOf, nodeSizes, SHAPE_NODE } from './nodes';
import { beginRelocations, isCodeTarget, nextRelocation, relocated } from './relocations';
import { reserve } from './room';
import { sizeOf } from './sizes';
import { transitionEdges } from './transition-edges';
import { addByte, addLiteral, addNumber, addText, beginText, endText, nameOf, nameOfNumber } from './texts';
import { IS_PROTOTYPE_MAP, MAP_BITS_3 } from './constructor-names';
import { holdsWeakly, isWeakInCode } from './weak-in-code';
import {
  EDGES,
  FIELD_BYTES,
  FIELD_COUNT,
  FIELD_EDGE,
  FIELD_NAME,
  FIELD_OFFSET,
  FIELD_TAG,
  FIELD_TAG_TYPE,
  FIELDS,
  NO_EDGE,
  TO_END,
  TWICE,
  typeRow,
  VISIT,
  VISIT_FROM,
  VISIT_TO,
} from './types';

/** What a type's edges are besides those of its fields. */
export const EDGES_OF_FIELDS: u32 = 0;
export const EDGES_OF_OBJECT: u32 = 1;
export const EDGES_OF_FUNCTION: u32 = 2;
export const EDGES_OF_BOUND: u32 = 3;
export const EDGES_OF_BUFFER: u32 = 4;
export const EDGES_OF_STRING: u32 = 5;
export const EDGES_OF_MAP: u32 = 6;
export const EDGES_OF_SHARED: u32 = 7;
export const EDGES_OF_CODE: u32 = 8;
export const EDGES_OF_DESCRIPTORS: u32 = 9;
export const EDGES_OF_WEAK_ARRAY: u32 = 10;
export const EDGES_OF_WEAK_LIST: u32 = 11;
export const EDGES_OF_CONTEXT: u32 = 12;
export const EDGES_OF_EPHEMERONS: u32 = 13;
export const EDGES_OF_ARRAY: u32 = 14;
export const EDGES_OF_BYTECODE: u32 = 15;
export const EDGES_OF_FEEDBACK: u32 = 16;
export const EDGES_OF_TRANSITIONS: u32 = 17;
export const EDGES_OF_SCOPE: u32 = 18;

const MAP_NAME = nameOf('map');
const BACKING_STORE = nameOf('backing_store');
const FIRST = nameOf('first');
const SECOND = nameOf('second');
const PARENT = nameOf('parent');
const ACTUAL = nameOf('actual');
const ENUM_CACHE = nameOf('enum_cache');
const TRANSITION = nameOf('transition');
const TRANSITIONS = nameOf('transitions');
const TRANSITION_TAG = nameOf('(transition)');
const PROTOTYPE_INFO = nameOf('prototype_info');
const DESCRIPTORS = nameOf('descriptors');
const PROTOTYPE = nameOf('prototype');
const NATIVE_CONTEXT = nameOf('native_context');
const BACK_POINTER = nameOf('back_pointer');
const CONSTRUCTOR_DATA = nameOf('constructor_function_data');
const CONSTRUCTOR = nameOf('constructor');
const DEPENDENT_CODE = nameOf('dependent_code');
const DEPENDENT_CODE_TAG = nameOf('(dependent code)');
const VALIDITY_CELL = nameOf('(prototype validity cell)');

/** The first edge of each node: one more than there are nodes. */
export let firstEdges: usize = 0;
/** Objects that a collection empties. */
const MAX_EMPTIED: u32 = 32;
export const emptied = memory.data(4 * MAX_EMPTIED, 4);
export let emptiedCount: u32 = 0;

export function reserveFirstEdges(nodes: u32): bool {
  firstEdges = reserve(4 * (nodes + 1));
  return firstEdges !== 0;
}

/** All edges of all objects; those of other nodes come before and after. */
export function extractEdges(): void {
  let node = firstNode;
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    store<u32>(firstEdges + 4 * node++, edgeCount);
    extract(place);
    forgetSeen();
  }
  flushEdges();
}

function isEmptied(place: usize): bool {
  for (let index: u32 = 0; index < emptiedCount; index++)
    if (load<u32>(emptied + 4 * index) === <u32>place) return true;
  return false;
}

function extract(place: usize): void {
  const map = mapOf(place);
  const row = typeRow(typeOf(map));
  const size = <usize>sizeOf(map, place);
  fieldEdges(row, place);
  const rule = <u32>load<u8>(row, EDGES);
  if (rule === EDGES_OF_ARRAY && isEmptied(place)) {
    internal(MAP_NAME, load<u64>(place), 0);
    return;
  }
  const isWhole = ownEdges(rule, map, place);
  internal(MAP_NAME, load<u64>(place), 0);
  if (isWhole) hiddenEdges(row, place, size);
}

/** Whether there may be words left that it says nothing of. */
function ownEdges(rule: u32, map: usize, place: usize): bool {
  switch (rule) {
    case EDGES_OF_OBJECT:
      objectEdges(map, place);
      storeEdges(place);
      return true;
    case EDGES_OF_FUNCTION:
      objectEdges(map, place);
      functionEdges(map, place);
      storeEdges(place);
      return true;
    case EDGES_OF_BOUND:
      objectEdges(map, place);
      boundEdges(place);
      storeEdges(place);
      return true;
    case EDGES_OF_BUFFER:
      bufferEdge(place);
      return true;
    case EDGES_OF_STRING:
      stringEdges(place, typeOf(map) & REPRESENTATION);
      return false;
    case EDGES_OF_MAP:
      mapEdges(place);
      return true;
    case EDGES_OF_SHARED:
      sharedEdges(place);
      return true;
    case EDGES_OF_CODE:
      codeEdges(place);
      return true;
    case EDGES_OF_DESCRIPTORS:
      descriptorEdges(place);
      return false;
    case EDGES_OF_WEAK_ARRAY:
      numberedEdges(place, 16, elementsIn(place));
      return false;
    case EDGES_OF_WEAK_LIST:
      numberedEdges(place, 24, wordsIn(place, 24, smallIn(place + 16)));
      return false;
    case EDGES_OF_CONTEXT:
      contextEdges(place, typeOf(map));
      return true;
    case EDGES_OF_EPHEMERONS:
      ephemeronEdges(place);
      return false;
    case EDGES_OF_ARRAY:
      numberedEdges(place, 16, elementsIn(place));
      return false;
    case EDGES_OF_BYTECODE:
      poolTags(place);
      return true;
    case EDGES_OF_FEEDBACK:
      feedbackEdges(place);
      return true;
    case EDGES_OF_TRANSITIONS:
      transitionEdges(place);
      return false;
    case EDGES_OF_SCOPE:
      scopeTags(place);
      return true;
    default:
      return true;
  }
}

function fieldEdges(row: usize, place: usize): void {
  const count = load<u32>(row, FIELD_COUNT);
  let field = <usize>load<u32>(row, FIELDS);
  for (let index: u32 = 0; index < count; index++, field += FIELD_BYTES) {
    const offset = <u32>load<u16>(field, FIELD_OFFSET);
    const word = load<u64>(place + offset);
    const name = load<u32>(field, FIELD_TAG);
    const type = <u32>load<u8>(field, FIELD_TAG_TYPE);
    if (name !== 0) tag(word, name, type);
    const edge = <u32>load<u8>(field, FIELD_EDGE);
    if (edge === NO_EDGE) continue;
    // A reference may be weak where the field is not.
    const kind = (word & 3) === 3 ? WEAK_EDGE : edge;
    edgeTo(kind, load<u32>(field, FIELD_NAME), word, <i32>offset);
  }
}

function bufferEdge(place: usize): void {
  const address = load<u64>(place + bufferStore);
  if (address === 0) return;
  const node = backingStore(address, load<u64>(place + bufferBytes), idOf(nodeOf(place)));
  if (node !== NO_NODE) putEdge(INTERNAL_EDGE, BACKING_STORE, node);
}

function stringEdges(place: usize, representation: u32): void {
  if (representation === CONS) {
    internal(FIRST, load<u64>(place, 16), 16);
    internal(SECOND, load<u64>(place, 24), 24);
  } else if (representation === SLICED) internal(PARENT, load<u64>(place, 16), 16);
  else if (representation === THIN) internal(ACTUAL, load<u64>(place, 16), 16);
}

function numberedEdges(place: usize, header: usize, count: u32): void {
  for (let index: u32 = 0; index < count; index++) numbered(index, load<u64>(place + header + 8 * index), -1);
}

function descriptorEdges(place: usize): void {
  internal(ENUM_CACHE, load<u64>(place + descriptorsAt - 8), -1);
  const size = trimmedSize(place);
  if (size !== 0) store<u32>(nodeSizes + 4 * nodeOf(place), size);
  numberedEdges(
    place,
    descriptorsAt,
    wordsIn(place, descriptorsAt, DESCRIPTOR_WORDS * descriptorsLeft(place)),
  );
}

function mapEdges(place: usize): void {
  transitionsOfMap(place, load<u64>(place, 64));
  internal(DESCRIPTORS, load<u64>(place, 40), 40);
  internal(PROTOTYPE, load<u64>(place, 24), 24);
  const constructor = load<u64>(place, 32);
  internal(constructorEdge(<u32>load<u16>(place + mapInstanceType), placeOf(constructor)), constructor, 32);
  const dependent = load<u64>(place, 48);
  tag(dependent, DEPENDENT_CODE_TAG, KEEP_TYPE);
  internal(DEPENDENT_CODE, dependent, 48);
  tag(load<u64>(place, 56), VALIDITY_CELL, SHAPE_NODE);
}

function constructorEdge(type: u32, constructor: usize): u32 {
  if ((type >= contextFirst && type <= contextLast) || type === mapType) return NATIVE_CONTEXT;
  if (constructor === 0) return CONSTRUCTOR;
  if (typeIs(constructor, mapType)) return BACK_POINTER;
  return typeIs(constructor, functionTemplateType) ? CONSTRUCTOR_DATA : CONSTRUCTOR;
}

function transitionsOfMap(place: usize, word: u64): void {
  if ((word & 3) === 3) {
    weak(TRANSITION, word, 64);
    return;
  }
  const to = (word & 3) === 1 ? placeOf(word) : 0;
  if (to === 0) return;
  const type = typeOf(mapOf(to));
  if (type === transitionArrayType) internal(TRANSITIONS, word, 64);
  else if (type >= fixedArrayFirst && type <= fixedArrayLast) {
    tag(word, TRANSITION_TAG, KEEP_TYPE);
    internal(TRANSITION, word, 64);
  } else if ((load<u32>(place, MAP_BITS_3) & IS_PROTOTYPE_MAP) !== 0) {
    tag(word, PROTOTYPE_INFO, KEEP_TYPE);
    internal(PROTOTYPE_INFO, word, 64);
  }
}

/** Pairs of key and value after three counts: the key holds the value as long as the table is there. */
function ephemeronEdges(place: usize): void {
  const count = elementsIn(place);
  for (let index: u32 = 3; index + 1 < count; index += 2) {
    let key = load<u64>(place + 16 + 8 * index);
    let value = load<u64>(place + 24 + 8 * index);
    if (key === undefinedWord) continue;
    // A collection removes those whose keys are dead.
    if (placeOf(key) !== 0 && target(key) === NO_NODE) {
      key = holeWord;
      value = holeWord;
    }
    weak(nameOfNumber(index), key, -1);
    weak(nameOfNumber(index + 1), value, -1);
    const keyNode = target(key);
    const valueNode = target(value);
    if (keyNode === NO_NODE || valueNode === NO_NODE) continue;
    const name = nameOfPair(index, keyNode, valueNode, nodeOf(place));
    putEdge(INTERNAL_EDGE, name, valueNode);
    takeOther(keyNode, INTERNAL_EDGE, name, valueNode);
  }
}

/** V8's generator writes the ids of all three. */
function nameOfPair(index: u32, key: u32, value: u32, table: u32): u32 {
  beginText();
  addNumber(index);
  addLiteral(' / part of key (');
  addText(load<u32>(nodeNames + 4 * key));
  addLiteral(' @');
  addNumber(idOf(key));
  addLiteral(') -> value (');
  addText(load<u32>(nodeNames + 4 * value));
  addLiteral(' @');
  addNumber(idOf(value));
  addLiteral(') pair in WeakMap (table @');
  addNumber(idOf(table));
  addByte(0x29);
  return endText();
}

/** Every word that V8 visits and that has no name: the map first, which has one already. */
function hiddenEdges(row: usize, place: usize, size: usize): void {
  const visit = <u32>load<u8>(row, VISIT);
  if (visit === VISIT_NOTHING || visit === VISIT_STRING) return;
  const last = <usize>load<u16>(row, VISIT_TO);
  const to = last === TO_END || last > size ? size : last;
  const from =
    visit === VISIT_PREPARSE_DATA ? (16 + load<u32>(place, 8) + 7) & ~7 : <u32>load<u16>(row, VISIT_FROM);
  // A map that everything has is counted, though it has no edge.
  let hidden: u32 = isSeen(0) ? 0 : 1;
  for (let at = <usize>from; at < to; at += 8)
    if (!isSeen(<u32>(at >> 3))) {
      hidden = hiddenWord(load<u64>(place + at), hidden);
      if (<u32>at === load<u32>(row, TWICE)) hidden = hiddenWord(load<u64>(place + at), hidden);
    }
  if (visit === VISIT_INSTRUCTIONS) codeReferences(place, hidden);
}

function codeReferences(place: usize, hidden: u32): void {
  const isWeak = holdsWeakly(place);
  const hasNone = isCleared(place);
  beginRelocations(place);
  while (nextRelocation()) {
    if (hasNone && !isCodeTarget) {
      hidden++;
      continue;
    }
    if (isWeak && !isCodeTarget && isWeakInCode(relocated)) weak(nameOfNumber(hidden), relocated, -1);
    else edgeTo(HIDDEN_EDGE, hidden, relocated, -1);
    hidden++;
  }
}

function hiddenWord(word: u64, hidden: u32): u32 {
  const other = placeOf(word);
  if (other === 0 || mapOf(other) === 0) return hidden;
  if ((word & 3) === 1) edgeTo(HIDDEN_EDGE, hidden, word, -1);
  // A collection clears weak references to what is dead.
  else if (target(word) === NO_NODE) return hidden;
  else weak(nameOfNumber(hidden), word, -1);
  return hidden + 1;
}
