/** Edges: into a buffer that is handed out whenever it is full. Most are named; elements and hidden ones are numbered. */
import { isShortcut, THIN_ACTUAL } from './strings';
import { takeEdges } from './outside';
import { holeType, oddballType } from './layout';
import { mapOf, typeOf } from './maps';
import { flagsOf, pageOf, placeOf, READ_ONLY } from './pages';
import { EMPTY, nameOfNumber } from './texts';
import { NO_NODE, nodeNames, nodeOf, nodeTypes } from './nodes';

/** As they are numbered in V8's snapshots. */
export const CONTEXT_EDGE: u32 = 0;
export const ELEMENT_EDGE: u32 = 1;
export const PROPERTY_EDGE: u32 = 2;
export const INTERNAL_EDGE: u32 = 3;
export const HIDDEN_EDGE: u32 = 4;
export const SHORTCUT_EDGE: u32 = 5;
export const WEAK_EDGE: u32 = 6;

const EDGES_A_BUFFER: u32 = 1 << 16;
export const bufferTypes = memory.data(EDGES_A_BUFFER);
export const bufferNames = memory.data(4 * EDGES_A_BUFFER, 4);
export const bufferTargets = memory.data(4 * EDGES_A_BUFFER, 4);
export let buffered: u32 = 0;
/** Edges so far, those in the buffer included. */
export let edgeCount: u32 = 0;

export function flushEdges(): void {
  if (buffered > 0) takeEdges();
  buffered = 0;
}

export function putEdge(type: u32, name: u32, to: u32): void {
  if (buffered === EDGES_A_BUFFER) flushEdges();
  store<u8>(bufferTypes + buffered, <u8>type);
  store<u32>(bufferNames + 4 * buffered, name);
  store<u32>(bufferTargets + 4 * buffered, to);
  buffered++;
  edgeCount++;
}

/** Words of the object whose turn it is that have an edge already. */
const MAX_SEEN: u32 = 1 << 16;
const seen = memory.data(MAX_SEEN);
let seenEnd: u32 = 0;

/** @param offset in bytes; -1 where the reference is in no word of the object */
function markSeen(offset: i32): void {
  const word = (<u32>offset) >> 3;
  if (offset < 0 || word >= MAX_SEEN) return;
  store<u8>(seen + word, 1);
  if (word >= seenEnd) seenEnd = word + 1;
}

export function isSeen(word: u32): bool {
  return word < seenEnd && load<u8>(seen + word) !== 0;
}

export function forgetSeen(): void {
  memory.fill(seen, 0, seenEnd);
  seenEnd = 0;
}

/** The node that a word points to, strongly or weakly; NO_NODE where there is none. */
export function target(word: u64): u32 {
  const place = placeOf(word);
  if (place === 0) return NO_NODE;
  const map = mapOf(place);
  if (map === 0) return NO_NODE;
  if (!isShortcut(map, place)) return nodeOf(place);
  const actual = placeOf(load<u64>(place, THIN_ACTUAL));
  return actual === 0 ? NO_NODE : nodeOf(actual);
}

/** Objects that everything refers to, so that edges to them say nothing: V8HeapExplorer::IsEssentialObject. */
const MAX_INESSENTIAL: u32 = 16;
export const inessential = memory.data(8 * MAX_INESSENTIAL, 8);
export let inessentialCount: u32 = 0;

function isEssential(word: u64): bool {
  const place = placeOf(word);
  if (place === 0) return false;
  if ((flagsOf(pageOf(place)) & READ_ONLY) === 0) return true;
  const strong = (word & ~3) | 1;
  for (let index: u32 = 0; index < inessentialCount; index++)
    if (load<u64>(inessential + 8 * index) === strong) return false;
  const map = mapOf(place);
  return map === 0 || (typeOf(map) !== oddballType && (holeType === 0 || typeOf(map) !== holeType));
}

export function internal(name: u32, word: u64, offset: i32): void {
  edgeTo(INTERNAL_EDGE, name, word, offset);
}

export function weak(name: u32, word: u64, offset: i32): void {
  edgeTo(WEAK_EDGE, name, word, offset);
}

export function edgeTo(type: u32, name: u32, word: u64, offset: i32): void {
  if (!isEssential(word)) return;
  const node = target(word);
  if (node === NO_NODE) return;
  putEdge(type, name, node);
  markSeen(offset);
}

/** A reference of a collection's element: weak or not as it is itself. */
export function numbered(index: u32, word: u64, offset: i32): void {
  if ((word & 3) === 3) weak(nameOfNumber(index), word, offset);
  else if ((word & 3) === 1) internal(nameOfNumber(index), word, offset);
}

/** What the program itself refers to, essential or not. */
export function plain(type: u32, name: u32, word: u64, offset: i32): void {
  const node = target(word);
  if (node === NO_NODE) return;
  putEdge(type, name, node);
  markSeen(offset);
}

export const KEEP_TYPE: u32 = 255;

/** Names a node that has no name yet, and gives it another type: V8HeapExplorer::TagObject. */
export function tag(word: u64, name: u32, type: u32): void {
  tagNode(word, name, type, false);
}

export function tagOver(word: u64, name: u32, type: u32): void {
  tagNode(word, name, type, true);
}

function tagNode(word: u64, name: u32, type: u32, over: bool): void {
  if (!isEssential(word)) return;
  const node = target(word);
  if (node === NO_NODE) return;
  if (over) store<u32>(nodeNames + 4 * node, name);
  else tagNamed(node, name);
  if (type !== KEEP_TYPE) store<u8>(nodeTypes + node, <u8>type);
}

/** Names a node that has no name yet. */
export function tagNamed(node: u32, name: u32): void {
  if (load<u32>(nodeNames + 4 * node) === EMPTY) store<u32>(nodeNames + 4 * node, name);
}
