/**
 * Computes each node's distance: how many references it is away from what the program can name, as DevTools
 * counts. Source: JSHeapSnapshot.calculateDistances in chrome-devtools-frontend,
 * front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { hasBit, noBits, setBit, type Bits } from '../format/bits.js';
import { int32Column } from '../format/columns.js';
import { roomForNodes, typeIndex, type Graph } from './graph.js';
import type { Ephemerons } from './reachability.js';

/** Distance of a node that cannot be reached. */
export const NO_DISTANCE = -5;
/** Distances of nodes that are reached only from V8's own roots begin here. */
export const SYSTEM_DISTANCE = 100_000_000;

/** Sorting pays off if more than one node in this many is queued, because it scans a whole bitmap. */
const SPARSE = 256;

// eslint-disable-next-line max-lines-per-function -- one search over typed arrays that all of it shares
export function distances(
  graph: Graph,
  { names, pairOf, pairs }: Ephemerons,
  room = roomForNodes(graph),
): Int32Array {
  const {
    nodeCount,
    root,
    firstEdge,
    edgeTo,
    edgeType,
    edgeName,
    edgeTypes,
    nodeType,
    nodeTypes,
    nodeName,
    strings,
  } = graph;
  const weak = typeIndex(edgeTypes, 'weak');
  const internal = typeIndex(edgeTypes, 'internal');
  const element = typeIndex(edgeTypes, 'element');
  const hiddenEdge = typeIndex(edgeTypes, 'hidden');
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const array = typeIndex(nodeTypes, 'array');
  const hidden = typeIndex(nodeTypes, 'hidden');
  const sloppyFunctionMap = new Set(strings.find('sloppy_function_map'));
  const descriptors = nodesCalled('(map descriptors)', array);
  const contexts = nodesCalled('system / NativeContext', hidden);
  const hasEphemerons = pairs > 0;

  const distance = int32Column(nodeCount).fill(NO_DISTANCE);
  const reached = noBits(nodeCount);
  const queue = room;
  let queued = 0;
  /** Pairs of which one edge has been followed. The value is as far away as the farther of table and key. */
  const pending = noBits(pairs);

  /** Returns the set of nodes of that type and name. */
  function nodesCalled(name: string, type: number): Bits {
    const called = noBits(nodeCount);
    const names = new Set(strings.find(name));
    for (let node = 0; node < nodeCount; node++) {
      if (nodeType[node] === type && names.has(nodeName[node])) setBit(called, node);
    }
    return called;
  }

  /** Follows edges from the queued nodes, which have distance `from`. */
  function follow(from: number): void {
    for (let head = 0, away = from + 1; head < queued; away++) {
      const end = queued;
      // Most of the time is spent waiting for memory: many nodes are faster to read in file order than in
      // order of discovery. Not in the first round, in which a node may be queued twice.
      if (away > from + 1 && end - head > nodeCount / SPARSE) sortNodes(queue, head, end, nodeCount);
      for (; head < end; head++) followFrom(queue[head], away);
    }
  }

  function followFrom(node: number, away: number): void {
    const isDescriptors = hasBit(descriptors, node);
    const isContext = hasBit(contexts, node);
    const end = firstEdge[node + 1];
    for (let edge = firstEdge[node]; edge < end; edge++) {
      const to = edgeTo[edge];
      if (((reached[to >>> 5] >>> (to & 31)) & 1) === 1) continue;
      const kind = edgeType[edge];
      if (kind === weak) continue;
      if (isContext && kind !== element && kind !== hiddenEdge && sloppyFunctionMap.has(edgeName[edge])) {
        continue;
      }
      if (isDescriptors) {
        // Maps share their descriptors, and not every descriptor is valid for every map (crbug.com/413608).
        const isNumber = kind === element || kind === hiddenEdge;
        if (!keepsDescriptor(isNumber ? edgeName[edge] : strings.get(edgeName[edge]))) continue;
      } else if (
        hasEphemerons &&
        kind === internal &&
        hasBit(names, edgeName[edge]) &&
        waitsForOther(edgeName[edge])
      ) {
        continue;
      }
      reached[to >>> 5] |= 1 << (to & 31);
      distance[to] = away;
      queue[queued++] = to;
    }
  }

  /** Returns true the first time it is asked about a pair, false the second time. */
  function waitsForOther(name: number): boolean {
    const pair = pairOf[name];
    pending[pair >>> 5] ^= 1 << (pair & 31);
    return hasBit(pending, pair);
  }

  for (let edge = firstEdge[root]; edge < firstEdge[root + 1]; edge++) {
    const to = edgeTo[edge];
    const isUserRoot = nodeType[to] !== synthetic || strings.get(nodeName[to]) === '(Document DOM trees)';
    if (!isUserRoot) continue;
    // A node that the root points to twice is visited twice, and so is each ephemeron edge that waits for its
    // pair.
    queue[queued++] = to;
    setBit(reached, to);
    distance[to] = 1;
  }
  const hasUserRoots = queued > 0;
  follow(1);

  setBit(reached, root);
  distance[root] = hasUserRoots ? SYSTEM_DISTANCE : 0;
  queue[0] = root;
  queued = 1;
  follow(distance[root]);
  return distance;
}

/** Sorts the nodes from `start` to `end` (exclusive), which must be distinct. */
function sortNodes(queue: Uint32Array, start: number, end: number, nodeCount: number): void {
  const isThere = noBits(nodeCount);
  for (let at = start; at < end; at++) setBit(isThere, queue[at]);
  for (let word = 0, at = start; at < end; word++) {
    for (let bits = isThere[word]; bits !== 0; bits &= bits - 1) {
      queue[at++] = word * 32 + 31 - Math.clz32(bits & -bits);
    }
  }
}

function keepsDescriptor(name: number | string): boolean {
  const index = typeof name === 'number' ? name : parseInt(name, 10);
  return index < 2 || index % 3 !== 1;
}
