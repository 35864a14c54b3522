/**
 * Ids that last: the same object has the same id in every image of its process, and no other object has it. Each image is
 * read by itself, so that an id follows from what stays with an object (its print): a value that no other of its kind has;
 * or the object that alone owns it; or its address, with what shows that nothing else had that address before.
 */
import { aliveCount, nextAlive } from '../bitmap';
import { contextFirst, contextLast, jsArrayType, nativeContextType, receiverFirst } from '../layout';
import { mapOf, typeOf } from '../maps';
import { OBJECT } from '../constructor-names';
import { firstNode, nodeNames, nodeOf } from '../nodes';
import { heapEnd, heapStart, placeOf } from '../pages';
import { reserve } from '../room';
import { STRING_TYPES } from '../strings';
import {
  addressPrint,
  classValue,
  codeValue,
  functionContext,
  collections,
  heldPrint,
  isFunction,
  isPassing,
  ownedPrint,
} from './anchors';
import { elementTypes, fieldName, fieldValue, fieldCount, readFields } from './fields';
import {
  chooseAgain,
  chooseKeys,
  chosenField,
  countDistinct,
  isToSample,
  kindAt,
  hasKey,
  NO_FIELD,
  sample,
  tellsApart,
} from './kinds';
import { findOwned, ownedCount, ownedEdge, ownedLasts, ownedPlace } from './owned';
import {
  CANDIDATE,
  CHANGING_SHIFT,
  countOwner,
  emptyTable,
  enterCandidate,
  INSTANCES,
  INTERNALS,
  entryOf,
  isSettled,
  isServedBefore,
  isTagged,
  KEYED,
  LASTING_SHIFT,
  mix,
  numberIn,
  owners,
  PASSING,
  PLAIN,
  printOf,
  prints,
  rankForService,
  reservePrints,
  setPrint,
  SETTLED,
  SPREAD,
  stateOf,
  table,
  tableMask,
} from './prints';
import { sipHash } from './sip-hash';
import { textValue } from './values';

const CONTEXT_PREVIOUS: usize = 24;
/** Attempts at finding a field that is a key. */
const MAX_ATTEMPTS: u32 = 3;
/** Contexts around one whose key tells it apart. */
const MAX_DEPTH: u32 = 3;

/** Whether they mean anything in other images. */
export let idsLast: bool = false;

/** Of each node: of the roots, and of objects. */
let ids: usize = 0;

export function idOf(node: u32): u32 {
  return load<u32>(ids + 4 * <usize>node);
}

/** Where all ids are; 0 where there was no room for them. Where there is little, they only tell nodes of this image apart. */
export function identify(): usize {
  ids = reserve(4 * (firstNode + aliveCount));
  if (ids === 0) return 0;
  for (let node: u32 = 0; node < firstNode; node++) store<u32>(ids + 4 * node, 2 * node + 1);
  idsLast = reservePrints();
  if (idsLast) {
    lookAtFields();
    findKeys();
    findContexts();
    findOwners();
    settleRest();
    writeIds();
  } else writeMeaninglessIds();
  return ids;
}

/** Of texts, what they say; of all other kinds, which of their fields tell them apart. */
function lookAtFields(): void {
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    const map = mapOf(place);
    if (typeOf(map) < STRING_TYPES) setPrint(place, textValue(place), 0);
  }
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    const map = mapOf(place);
    const record = kindAt(map, place);
    if (record === 0 || !isToSample(record)) continue;
    readFields(map, place);
    sample(record);
  }
  chooseKeys();
}

/** A text's key is what it says. */
function findKeys(): void {
  for (let attempt: u32 = 0; attempt < MAX_ATTEMPTS; attempt++) {
    emptyTable();
    for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
      const map = mapOf(place);
      if (typeOf(map) < STRING_TYPES) {
        if (attempt === 0) enterText(place);
        continue;
      }
      const record = kindAt(map, place);
      const field = chosenField(record);
      if (field === NO_FIELD || isSettled(place)) continue;
      readFields(map, place);
      const value = field < fieldCount ? fieldValue(field) : 0;
      if (value === 0) continue;
      setPrint(place, mix(mix(shapeValue(map, place), fieldName(field)), value), CANDIDATE);
      if (enterCandidate(place)) countDistinct(record);
    }
    settleKeyed(attempt === 0);
    if (!chooseAgain()) break;
  }
}

/** Objects without a class are alike where their fields have the same names, arrays where their elements have the same types. */
function shapeValue(map: usize, place: usize): u64 {
  let value = classValue(map, place);
  if (typeOf(map) === jsArrayType) return mix(value, elementTypes(place));
  if (!isPlainObject(place)) return value;
  for (let field: u32 = 0; field < fieldCount; field++) value = mix(value, fieldName(field));
  return value;
}

function isPlainObject(place: usize): bool {
  return load<u32>(nodeNames + 4 * nodeOf(place)) === OBJECT;
}

function enterText(place: usize): void {
  const print = printOf(place);
  if (print === 0) return;
  setPrint(place, print, CANDIDATE);
  enterCandidate(place);
}

/** What a key says is joined by all else that tells objects of the kind apart. */
function settleKeyed(withTexts: bool): void {
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    if ((stateOf(place) & CANDIDATE) === 0) continue;
    const map = mapOf(place);
    if (typeOf(map) < STRING_TYPES) {
      if (withTexts) setPrint(place, printOf(place), SETTLED);
      continue;
    }
    const record = kindAt(map, place);
    if (!hasKey(record)) {
      setPrint(place, 0, 0);
      continue;
    }
    readFields(map, place);
    let print = printOf(place);
    for (let field: u32 = 0; field < fieldCount; field++)
      if (tellsApart(record, field)) print = mix(mix(print, fieldName(field)), fieldValue(field));
    setPrint(place, print, SETTLED | KEYED);
  }
}

/** Functions, and contexts within others, are told apart by the contexts that they were made in. */
function findContexts(): void {
  emptyTable();
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    const map = mapOf(place);
    const type = typeOf(map);
    const isClosure = isFunction(type);
    if ((!isClosure && !isContext(type)) || isSettled(place)) continue;
    const around = contextPrint(
      load<u64>(place + (isClosure ? <usize>functionContext : CONTEXT_PREVIOUS)),
      MAX_DEPTH,
    );
    if (around === 0) continue;
    setPrint(place, mix(isClosure ? codeValue(place) : classValue(map, place), around), CANDIDATE);
    enterCandidate(place);
  }
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    if ((stateOf(place) & (CANDIDATE | SETTLED)) === CANDIDATE) setPrint(place, printOf(place), SETTLED);
  }
}

function isContext(type: u32): bool {
  return type >= contextFirst && type <= contextLast && type !== nativeContextType;
}

/** 0 where neither the context nor one around it has a key. */
function contextPrint(word: u64, depth: u32): u64 {
  const place = placeOf(word);
  if (place === 0 || depth === 0) return 0;
  const map = mapOf(place);
  if (map === 0 || !isContext(typeOf(map))) return 0;
  if ((stateOf(place) & KEYED) !== 0) return printOf(place);
  const around = contextPrint(load<u64>(place, CONTEXT_PREVIOUS), depth - 1);
  return around === 0 ? 0 : mix(classValue(map, place), around);
}

function findOwners(): void {
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    findOwned(mapOf(place), place);
    for (let index: u32 = 0; index < ownedCount; index++)
      countOwner(ownedPlace(index), ownedLasts(index) ? LASTING_SHIFT : CHANGING_SHIFT);
  }
}

function hasOneOwner(state: u32): bool {
  const lasting = owners(state, LASTING_SHIFT);
  return lasting === 1 || (lasting === 0 && owners(state, CHANGING_SHIFT) === 1);
}

/** By their addresses those that no single object owns, then what each owns; last those that own each other. */
function settleRest(): void {
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    const state = stateOf(place);
    // Prints are made of what texts say, so that these come later.
    if ((state & SETTLED) === 0 && !hasOneOwner(state) && typeOf(mapOf(place)) >= STRING_TYPES)
      settleByAddress(place);
  }
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    const state = stateOf(place);
    if ((state & SETTLED) === 0 && !hasOneOwner(state)) settleByAddress(place);
    if ((stateOf(place) & (SETTLED | SPREAD)) === SETTLED) spread(place);
  }
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    if (isSettled(place)) continue;
    settleByAddress(place);
    spread(place);
  }
}

function settleByAddress(place: usize): void {
  const map = mapOf(place);
  readFields(map, place);
  const print = addressPrint(map, place, kindAt(map, place));
  setPrint(place, print, isPassing ? SETTLED | PASSING : SETTLED);
}

/** Settles what the object at a place owns, and what that owns. The table serves as the stack. */
function spread(first: usize): void {
  store<u32>(table, <u32>first);
  for (let depth: u32 = 1; depth > 0;) {
    const place = <usize>load<u32>(table + 4 * --depth);
    const print = printOf(place);
    setPrint(place, print, (stateOf(place) & (KEYED | PASSING)) | SETTLED | SPREAD);
    findOwned(mapOf(place), place);
    for (let index: u32 = 0; index < ownedCount; index++) {
      const owned = ownedPlace(index);
      const state = stateOf(owned);
      const lasts = ownedLasts(index);
      const isOwner = lasts || owners(state, LASTING_SHIFT) === 0;
      if ((state & SETTLED) !== 0 || !hasOneOwner(state) || !isOwner) continue;
      const edge = ownedEdge(index);
      const found = lasts ? ownedPrint(print, edge) : heldPrint(print, edge, mapOf(owned), owned);
      setPrint(owned, found, SETTLED);
      store<u32>(table + 4 * depth++, <u32>owned);
    }
  }
}

function meaningOf(place: usize): u32 {
  const type = typeOf(mapOf(place));
  if (type < receiverFirst) return INTERNALS;
  return type === jsArrayType || isFunction(type) || isPlainObject(place) ? PLAIN : INSTANCES;
}

/**
 * Each object asks for the ids that follow from its print, one after the other, until it gets one; of two that ask for the
 * same, that with a key is served first, what no other image can have comes last.
 */
function writeIds(): void {
  emptyTable();
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8))
    rankForService(place, meaningOf(place));
  for (let rank: u32 = 0; rank < aliveCount; rank++) {
    let asking = rank;
    let attempt: u32 = 0;
    for (;;) {
      const id = idOfPrint(asking, attempt);
      const slot = slotOf(id);
      const entry = load<u32>(table + 4 * slot);
      if (entry !== 0 && isServedBefore(numberIn(entry), asking)) {
        attempt++;
        continue;
      }
      store<u32>(idsOfObjects() + 4 * asking, id);
      store<u32>(table + 4 * slot, entryOf(asking, hashOfId(id)));
      if (entry === 0) break;
      asking = numberIn(entry);
      attempt = attemptAt(asking, id) + 1;
    }
  }
}

function idsOfObjects(): usize {
  return ids + 4 * <usize>firstNode;
}

/** Odd, as those of V8's objects, and none of the roots'. */
function idOfPrint(rank: u32, attempt: u32): u32 {
  const print = load<u64>(prints + 8 * <usize>rank);
  const id = (<u32>sipHash(attempt === 0 ? print : mix(print, attempt))) | 1;
  return id > 2 * firstNode ? id : id | 0x80000000;
}

function attemptAt(rank: u32, id: u32): u32 {
  let attempt: u32 = 0;
  while (idOfPrint(rank, attempt) !== id) attempt++;
  return attempt;
}

function hashOfId(id: u32): u32 {
  const mixed = id * 0x9e3779b1;
  return mixed ^ (mixed >> 15);
}

/** Where the object that has an id is in the table, or would be. */
function slotOf(id: u32): u32 {
  const hash = hashOfId(id);
  let slot = hash & tableMask;
  for (let entry = load<u32>(table + 4 * slot); entry !== 0; entry = load<u32>(table + 4 * slot)) {
    if (isTagged(entry, hash) && load<u32>(idsOfObjects() + 4 * <usize>numberIn(entry)) === id) break;
    slot = (slot + 1) & tableMask;
  }
  return slot;
}

/** Odd numbers, each once, in an order that is another one for each image. */
function writeMeaninglessIds(): void {
  const start = (<u32>sipHash(mix(collections, aliveCount))) & ~1;
  for (let node = firstNode; node < firstNode + aliveCount; node++) {
    let id = (start + 2 * node) | 1;
    store<u32>(ids + 4 * node, id);
  }
}
