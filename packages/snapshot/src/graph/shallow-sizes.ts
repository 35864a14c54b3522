/**
 * Shallow sizes as DevTools shows them: what V8 keeps apart from an object for its own reasons (the array
 * behind an Array, the table behind a Map, the bytes behind an external string) counts for the object it
 * belongs to, if it belongs to exactly one. Source: JSHeapSnapshot.calculateShallowSizes in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { hasBit, noBits, setBit } from '../format/bits.js';
import { MAX_UINT32, type Sizes } from '../format/columns.js';
import { roomForNodes, typeIndex, type Graph } from './graph.js';

const NOBODY = 0xffffffff;
const SEVERAL = 0xfffffffe;

/** Bytes of each node. The graph's own sizes stay as they are. */
export function shallowSizes(graph: Graph, room?: Uint32Array): Sizes {
  const sizes = roomForTotal(graph.selfSize);
  if (!hasUserRoots(graph)) return sizes; // written with exposeInternals: nothing is to be hidden
  const { nodeCount, nodeType, nodeTypes, root } = graph;
  const owner = ownersOf(graph, room);
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  for (let node = 0; node < nodeCount; node++) {
    const by = owner[node];
    if (by === node || by === NOBODY || by === SEVERAL) continue;
    if (nodeType[by] === synthetic || by === root) continue;
    sizes[by] += sizes[node];
    sizes[node] = 0;
  }
  return sizes;
}

/** A copy, that holds each sum of some of them. */
function roomForTotal(sizes: Sizes): Sizes {
  let total = 0;
  for (let node = 0; node < sizes.length; node++) total += sizes[node];
  return total > MAX_UINT32 ? new Float64Array(sizes) : sizes.slice();
}

/** For each node itself, or if it is of the kind that belongs to others: to whom, or to several, or to nobody. */
export function ownersOf(graph: Graph, owner = roomForNodes(graph)): Uint32Array {
  const { nodeCount, firstEdge, edgeTo, edgeType, edgeTypes, nodeType, nodeTypes, nodeName, strings } = graph;
  const weak = typeIndex(edgeTypes, 'weak');
  const array = typeIndex(nodeTypes, 'array');
  const hidden = typeIndex(nodeTypes, 'hidden');
  const native = typeIndex(nodeTypes, 'native');
  const externalString = new Set(strings.find('system / ExternalStringData'));
  const belongs = noBits(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    const isKind =
      type === array || type === hidden || (type === native && externalString.has(nodeName[node]));
    if (isKind) setBit(belongs, node);
    owner[node] = isKind ? NOBODY : node;
  }
  const stack: number[] = [];
  for (let start = 0; start < nodeCount; start++) {
    if (hasBit(belongs, start)) continue;
    stack.push(start);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const by = owner[node];
      const end = firstEdge[node + 1];
      for (let edge = firstEdge[node]; edge < end; edge++) {
        const to = edgeTo[edge];
        if (((belongs[to >>> 5] >>> (to & 31)) & 1) === 0) continue;
        const now = owner[to];
        if (now === by || now === SEVERAL || edgeType[edge] === weak) continue;
        owner[to] = now === NOBODY ? by : SEVERAL;
        stack.push(to);
      }
    }
  }
  return owner;
}

/** False for a snapshot written with `exposeInternals`. */
function hasUserRoots({ root, firstEdge, edgeTo, nodeType, nodeTypes }: Graph): boolean {
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  return edgeTo.subarray(firstEdge[root], firstEdge[root + 1]).some((to) => nodeType[to] !== synthetic);
}
