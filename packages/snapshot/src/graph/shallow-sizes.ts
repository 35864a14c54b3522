/**
 * Computes shallow sizes like DevTools: parts that V8 stores outside an object (the array of an Array, the
 * table of a Map, the bytes of an external string) count for the object, if they belong to exactly one.
 * Source: JSHeapSnapshot.calculateShallowSizes in chrome-devtools-frontend,
 * front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { hasBit, noBits, setBit } from '../format/bits.js';
import { MAX_UINT32, type Sizes } from '../format/columns.js';
import { roomForNodes, typeIndex, type Graph } from './graph.js';

const NOBODY = 0xffffffff;
const SEVERAL = 0xfffffffe;

/** Returns the size of each node in bytes. Does not change the graph's own sizes. */
export function shallowSizes(graph: Graph, room?: Uint32Array): Sizes {
  const sizes = roomForTotal(graph.selfSize);
  if (!hasUserRoots(graph)) return sizes; // written with exposeInternals, which shows such parts
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

/** Returns a copy whose type can represent the total. */
function roomForTotal(sizes: Sizes): Sizes {
  let total = 0;
  for (let node = 0; node < sizes.length; node++) total += sizes[node];
  return total > MAX_UINT32 ? new Float64Array(sizes) : sizes.slice();
}

/**
 * Returns each node's owner: the node itself, or for a part the object that it belongs to, or a marker for
 * several or none.
 */
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

/** Returns false for a snapshot written with `exposeInternals`. */
function hasUserRoots({ root, firstEdge, edgeTo, nodeType, nodeTypes }: Graph): boolean {
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  return edgeTo.subarray(firstEdge[root], firstEdge[root + 1]).some((to) => nodeType[to] !== synthetic);
}
