/** A node for each object that is alive: its type, name and size, as V8HeapExplorer::AddEntry in V8 makes them. */
import { aliveCount, isAlive, nextAlive, rankOf } from './bitmap';
import { constructorNameOf } from './constructor-names';
import { sharedName } from './function-names';
import {
  externalSize,
  functionShared,
  globalObjectType,
  globalProxyType,
  globalsSayWhich,
  mapInstanceType,
  privateFlags,
  readOnlySize,
  regexpSource,
} from './layout';
import { mapOf, typeOf } from './maps';
import { flagsOf, heapEnd, heapStart, pageOf, placeOf, READ_ONLY } from './pages';
import { reserve } from './room';
import { sizeOf } from './sizes';
import {
  CONS,
  EXTERNAL,
  isString,
  ONE_BYTE,
  REPRESENTATION,
  SLICED,
  STRING_TYPES,
  textOf,
  textOfWord,
} from './strings';
import { addByte, addLiteral, addText, beginText, EMPTY, endText, nameOf } from './texts';
import { NAME, NAMING, NODE_TYPE, typeRow } from './types';

/** As they are numbered in V8's snapshots. */
const HIDDEN: u32 = 0;
const STRING_NODE: u32 = 2;
export const CODE_NODE: u32 = 4;
const CONS_NODE: u32 = 10;
const SLICED_NODE: u32 = 11;
const SYMBOL_NODE: u32 = 12;
export const SHAPE_NODE: u32 = 14;

/** How a type's nodes are named: as the type is; or by what the object says. */
export const NAMED_BY_TYPE: u32 = 0;
export const NAMED_BY_TEXT: u32 = 1;
export const NAMED_AS_FUNCTION: u32 = 2;
export const NAMED_AS_REGEXP: u32 = 3;
export const NAMED_BY_CONSTRUCTOR: u32 = 4;
export const NAMED_AS_SYMBOL: u32 = 5;
export const NAMED_AS_SHARED: u32 = 6;
export const NAMED_AS_SCRIPT: u32 = 7;
export const NAMED_AS_ODDBALL: u32 = 8;
export const NAMED_AS_MAP: u32 = 9;

const REGEXP_DATA: usize = 24;
const SYMBOL_FLAGS: usize = 12;
const SCRIPT_NAME: usize = 16;
const ODDBALL_TEXT: usize = 16;

const CONS_NAME = nameOf('(concatenated string)');
const SLICED_NAME = nameOf('(sliced string)');
const SYMBOL_NAME = nameOf('symbol');
const PRIVATE_NAME = nameOf('private symbol');
const NO_SOURCE = nameOf('JSRegExp (uninitialized)');

/** Nodes before those of objects: the roots that snapshots make up. */
export let firstNode: u32 = 0;
/** And after them: memory outside of the heap. */
export let nodeCount: u32 = 0;
let nodeCapacity: u32 = 0;
export let nodeTypes: usize = 0;
export let nodeNames: usize = 0;
export let nodeSizes: usize = 0;
export const NO_NODE: u32 = u32.MAX_VALUE;

/** Makes room for all objects, so many nodes before them and so many after; false where there is none. */
export function reserveNodes(before: u32, after: u32): bool {
  firstNode = before;
  nodeCount = before + aliveCount;
  nodeCapacity = nodeCount + after;
  nodeTypes = reserve(nodeCapacity);
  nodeNames = reserve(4 * nodeCapacity);
  nodeSizes = reserve(4 * nodeCapacity);
  return nodeTypes !== 0 && nodeNames !== 0 && nodeSizes !== 0;
}

/** NO_NODE where there is no room for it. */
export function addNode(type: u32, name: u32, size: u32): u32 {
  if (nodeCount === nodeCapacity) return NO_NODE;
  setNode(nodeCount, type, name, size);
  return nodeCount++;
}

/** Describes a node: one of an object, or one before them. */
export function setNode(node: u32, type: u32, name: u32, size: u32): void {
  store<u8>(nodeTypes + node, <u8>type);
  store<u32>(nodeNames + 4 * node, name);
  store<u32>(nodeSizes + 4 * node, size);
}

export function nodeOf(place: usize): u32 {
  return isAlive(place) ? firstNode + rankOf(place) : NO_NODE;
}

/** How many objects of a type are alive. */
export function countOf(type: u32): u32 {
  let count: u32 = 0;
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8))
    if (typeOf(mapOf(place)) === type) count++;
  return count;
}

export function nameNodes(): void {
  let node = firstNode;
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8))
    nameNode(node++, place);
}

function nameNode(node: u32, place: usize): void {
  const map = mapOf(place);
  const type = typeOf(map);
  const isReadOnly = (flagsOf(pageOf(place)) & READ_ONLY) !== 0;
  // Newer versions do not count read-only space, which all heaps share.
  const size = isReadOnly && readOnlySize === 0 ? 0 : <u32>sizeOf(map, place);
  if (type < STRING_TYPES) nameString(node, place, type, size, isReadOnly);
  else nameObject(node, place, map, size, isReadOnly);
}

function nameString(node: u32, place: usize, type: u32, size: u32, isReadOnly: bool): void {
  const representation = type & REPRESENTATION;
  if (representation === CONS) setNode(node, CONS_NODE, CONS_NAME, size);
  else if (representation === SLICED) setNode(node, SLICED_NODE, SLICED_NAME, size);
  else {
    const outside =
      representation === EXTERNAL && externalSize !== 0 && !isReadOnly
        ? load<u32>(place, 12) * ((type & ONE_BYTE) !== 0 ? 1 : 2)
        : 0;
    setNode(node, STRING_NODE, textOf(place), size + outside);
  }
}

function nameObject(node: u32, place: usize, map: usize, size: u32, isReadOnly: bool): void {
  const row = typeRow(typeOf(map));
  let type = <u32>load<u8>(row, NODE_TYPE);
  let name = load<u32>(row, NAME);
  switch (<u32>load<u8>(row, NAMING)) {
    case NAMED_AS_FUNCTION:
      name = nameOfShared(placeOf(load<u64>(place + functionShared)));
      break;
    case NAMED_AS_REGEXP:
      name = sourceOf(placeOf(load<u64>(place, REGEXP_DATA)));
      break;
    case NAMED_BY_CONSTRUCTOR:
      name = globalName(typeOf(map), constructorNameOf(map, place));
      break;
    case NAMED_AS_SYMBOL: {
      const isPrivate = (load<u32>(place, SYMBOL_FLAGS) & privateFlags) !== 0;
      type = isPrivate ? HIDDEN : SYMBOL_NODE;
      name = isPrivate ? PRIVATE_NAME : SYMBOL_NAME;
      break;
    }
    case NAMED_AS_SHARED:
      name = sharedName(place, false);
      break;
    case NAMED_AS_SCRIPT:
      name = textOfWord(load<u64>(place, SCRIPT_NAME));
      break;
    case NAMED_AS_ODDBALL:
      name = textOfWord(load<u64>(place, ODDBALL_TEXT));
      break;
    case NAMED_AS_MAP:
      if (isReadOnly) type = HIDDEN;
      name = nameOfMap(place, name);
      break;
    default:
      break;
  }
  setNode(node, type, name, size);
}

/** Newer versions tell the global object and what stands for it apart. */
function globalName(type: u32, name: u32): u32 {
  if (globalsSayWhich === 0 || (type !== globalObjectType && type !== globalProxyType)) return name;
  beginText();
  addText(name);
  addLiteral(type === globalObjectType ? ' (global*)' : ' (global)');
  return endText();
}

function nameOfShared(shared: usize): u32 {
  return shared === 0 ? EMPTY : sharedName(shared, false);
}

function sourceOf(data: usize): u32 {
  const source = data === 0 ? 0 : load<u64>(data + regexpSource);
  return isString(source) ? textOfWord(source) : NO_SOURCE;
}

/** Maps of strings are named after the type of these. */
function nameOfMap(place: usize, name: u32): u32 {
  const type = <u32>load<u16>(place + mapInstanceType);
  if (type >= STRING_TYPES) return name;
  beginText();
  addText(name);
  addLiteral(' (');
  addText(load<u32>(typeRow(type), NAME));
  addByte(0x29);
  return endText();
}
