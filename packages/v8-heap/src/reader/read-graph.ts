/** From an open heap to the columns of a graph, as V8's generator would have made them. */
import { NODE_TYPES } from '../layouts/node-kinds.js';
import type { CompiledHeap } from './compiled-heap.js';
import { edgeColumns, type EdgeColumns } from './edge-columns.js';
import { internText, tagBuiltins, writeGraphTables, writeRules } from './graph-tables.js';
import { identifyNodes } from './ids.js';
import { readLocations, type HeapLocations } from './locations.js';
import { EMPTIED, markAlive } from './mark-alive.js';
import type { OpenHeap } from './open-heap.js';
import { nameRootNodes, putRootEdges, rootNodeCount } from './root-nodes.js';
import { sharedBytes, sharedCopy } from './shared-columns.js';
import { readStep, UnreadableHeapError } from './unreadable-heap.js';

export interface HeapGraph extends EdgeColumns {
  nodeCount: number;
  nodeType: Uint8Array;
  /** Index into the strings. */
  nodeName: Uint32Array;
  /** The same for an object in each image of a process: odd, and even for memory outside of the heap. */
  nodeId: Uint32Array;
  /** Whose IDs these are: the same for each image of a thread; absent where there was no room to derive any that last. */
  ids?: string;
  selfSize: Uint32Array;
  /** The inside of JSON strings in UTF-8, each with its closing quote, in blocks. */
  strings: Uint8Array[];
  stringCount: number;
  locations: HeapLocations;
}

const SCRATCH_BYTES = 1 << 13;
const JSON_BYTES = 1 << 22;
const NATIVE = NODE_TYPES.indexOf('native');
const MAX_SIZE = 0xffffffff;

/**
 * Once for an open heap: what is marked stays marked.
 * @throws {UnreadableHeapError}
 */
export function readGraph(heap: OpenHeap): HeapGraph {
  return readStep(() => graphOf(heap));
}

function graphOf(heap: OpenHeap): HeapGraph {
  const { compiled, types } = heap;
  writeRules(heap);
  const roots = markAlive(heap);
  writeGraphTables(heap);
  const buffers = compiled.countOf(types.of('JSArrayBuffer'));
  const rootNodes = rootNodeCount(heap);
  if (
    !compiled.reserveNodes(rootNodes, buffers) ||
    !compiled.reserveFirstEdges(rootNodes + buffers + compiled.get('aliveCount'))
  )
    throw new UnreadableHeapError('there is not enough memory for the nodes of the heap');
  const storeIds = answerOutside(heap);
  nameRootNodes(heap);
  compiled.nameNodes();
  tagBuiltins(heap, roots);
  writeEmptied(heap);
  const { place: ids, space } = identifyNodes(heap);
  const columns = edgeColumns(compiled);
  putRootEdges(heap, roots);
  compiled.extractEdges();
  const nodeCount = compiled.get('nodeCount') >>> 0;
  const column = (name: 'nodeNames' | 'nodeSizes'): Uint32Array =>
    new Uint32Array(sharedCopy(compiled.bytes(compiled.get(name) >>> 0, 4 * nodeCount)).buffer);
  if (compiled.get('isTextFull') !== 0)
    throw new UnreadableHeapError('there is not enough memory for the names of the heap');
  return {
    nodeCount,
    nodeType: sharedCopy(compiled.bytes(compiled.get('nodeTypes') >>> 0, nodeCount)),
    nodeName: column('nodeNames'),
    nodeId: allIds(compiled.bytes(ids, 4 * (nodeCount - storeIds.length)), storeIds),
    ...(space === null ? {} : { ids: space }),
    selfSize: column('nodeSizes'),
    ...columns.finish(nodeCount),
    ...readStrings(heap),
    locations: readLocations(heap),
  };
}

function writeEmptied({ compiled, roots }: OpenHeap): void {
  const places = EMPTIED.flatMap((name) => {
    const word = roots.byName.get(name);
    return word === undefined ? [] : compiled.placeOf(word);
  });
  places.forEach((place, index) =>
    compiled.view().setUint32(compiled.get('emptied') + 4 * index, place, true),
  );
  compiled.set('emptiedCount', places.length);
}

/** @returns the ids of the nodes that come after all objects, as they are made */
function answerOutside({ compiled, memory }: OpenHeap): number[] {
  const scratch = compiled.reserve(SCRATCH_BYTES) >>> 0;
  const stores = new Map<bigint, number>();
  const ids: number[] = [];
  const taken = new Set<number>();
  const name = internText(compiled, 'system / JSArrayBufferData');
  compiled.outside = {
    ...compiled.outside,
    readOutside: (address, bytes) =>
      bytes <= SCRATCH_BYTES && memory.read(Number(address), compiled.bytes(scratch, bytes)) ? scratch : 0,
    backingStore: (address, bytes, owner) => {
      const known = stores.get(address);
      if (known !== undefined) return known;
      const node = compiled.addNode(NATIVE, name, Math.min(Number(bytes), MAX_SIZE));
      stores.set(address, node);
      if (node >>> 0 !== compiled.constants.NO_NODE >>> 0) ids.push(storeId(compiled, address, owner, taken));
      return node;
    },
  };
  return ids;
}

/** Even, as those of what V8 does not have in its heap. */
function storeId(compiled: CompiledHeap, address: bigint, owner: number, taken: Set<number>): number {
  let print = BigInt.asIntN(64, (BigInt(owner) << 32n) ^ address);
  let id: number;
  do {
    print = compiled.sipHash(print);
    id = Number(BigInt.asUintN(32, print) & ~1n);
  } while (id === 0 || taken.has(id));
  taken.add(id);
  return id;
}

function allIds(ofObjects: Uint8Array, ofStores: readonly number[]): Uint32Array {
  const ids = new Uint32Array(sharedBytes(ofObjects.length + 4 * ofStores.length));
  ids.set(new Uint32Array(ofObjects.slice().buffer));
  ids.set(ofStores, ofObjects.length / 4);
  return ids;
}

function readStrings({ compiled }: OpenHeap): Pick<HeapGraph, 'strings' | 'stringCount'> {
  const stringCount = compiled.get('textCount') >>> 0;
  const room = compiled.reserve(JSON_BYTES) >>> 0;
  const strings: Uint8Array[] = [];
  for (let id = 0; id < stringCount;) {
    const next = compiled.writeJson(id, room, room + JSON_BYTES) >>> 0;
    if (room === 0 || next === id)
      throw new UnreadableHeapError('there is not enough memory for the names of the heap');
    strings.push(compiled.bytes(room, (compiled.get('jsonEnd') >>> 0) - room).slice());
    id = next;
  }
  return { strings, stringCount };
}

/** All strings of a graph, decoded. */
export function textsOf({ strings }: HeapGraph): string[] {
  const decoder = new TextDecoder();
  return strings.flatMap((block) => {
    const json = decoder.decode(block);
    const texts: string[] = [];
    for (let start = 0, at = 0; at < json.length; at++) {
      if (json[at] === '\\') at++;
      else if (json[at] === '"') {
        texts.push(JSON.parse(`"${json.slice(start, at)}"`) as string);
        start = at + 1;
      }
    }
    return texts;
  });
}
