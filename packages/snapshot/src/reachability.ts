/**
 * Which edges keep what they point to alive, by the rules of DevTools' Memory panel, so that retained sizes
 * are the ones it shows. Source: HeapSnapshot.computeIsEssentialEdge and JSHeapSnapshot.markPageOwnedNodes in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { typeIndex, type Graph } from './graph.js';

/** Edges that a WeakMap's table holds its values by; there is a second one, from the key, that counts. */
export interface Ephemerons {
  /** For a string that names such an edge, the id of the table; for any other string nothing. */
  tableOf: Map<number, number>;
  /** What the names of both edges of a pair have in common. */
  pairOf: Map<number, string>;
}

const EPHEMERON =
  /^\d+( \/ part of key \(.*? @\d+\) -> value \(.*? @\d+\) pair in WeakMap \(table @(\d+)\))$/;
const EPHEMERON_PART = Buffer.from(' pair in WeakMap (table @');

export function ephemeronsOf({ strings }: Graph): Ephemerons {
  const tableOf = new Map<number, number>();
  const pairOf = new Map<number, string>();
  for (let index = 0; index < strings.count; index++) {
    if (!strings.numberedWith(index, EPHEMERON_PART)) continue;
    const match = EPHEMERON.exec(strings.get(index));
    if (!match) continue;
    tableOf.set(index, Number(match[2]));
    pairOf.set(index, match[1]);
  }
  return { tableOf, pairOf };
}

/**
 * 1 for each node that the program owns, reached over edges that are not weak from what the root points to by
 * shortcut: the global objects. The rest is V8's and Node's own.
 */
export function ownedByProgram(graph: Graph): Uint8Array {
  const { firstEdge, edgeType, edgeTo, edgeTypes, nodeType, nodeTypes, nodeName, strings, root } = graph;
  const owned = new Uint8Array(graph.nodeCount);
  const stack = new Uint32Array(graph.nodeCount);
  let depth = 0;
  const shortcut = typeIndex(edgeTypes, 'shortcut');
  const element = typeIndex(edgeTypes, 'element');
  const weak = typeIndex(edgeTypes, 'weak');
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  for (let edge = firstEdge[root]; edge < firstEdge[root + 1]; edge++) {
    const to = edgeTo[edge];
    const isDomRoot =
      edgeType[edge] === element &&
      nodeType[to] === synthetic &&
      strings.get(nodeName[to]) === '(Document DOM trees)';
    if (owned[to] || !(edgeType[edge] === shortcut || isDomRoot)) continue;
    owned[to] = 1;
    stack[depth++] = to;
  }
  while (depth > 0) {
    const node = stack[--depth];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (owned[to] || edgeType[edge] === weak) continue;
      owned[to] = 1;
      stack[depth++] = to;
    }
  }
  return owned;
}

/** 1 for each edge that retains. */
export function retainingEdges(graph: Graph, owned: Uint8Array, { tableOf }: Ephemerons): Uint8Array {
  const { firstEdge, edgeType, edgeName, edgeTo, edgeTypes, nodeId, root } = graph;
  const retains = new Uint8Array(graph.edgeCount);
  const shortcut = typeIndex(edgeTypes, 'shortcut');
  const internal = typeIndex(edgeTypes, 'internal');
  const weak = typeIndex(edgeTypes, 'weak');
  for (let node = 0; node < graph.nodeCount; node++) {
    const isOwned = owned[node];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const type = edgeType[edge];
      const to = edgeTo[edge];
      if (type === weak || to === node) continue;
      if (type === internal && tableOf.get(edgeName[edge]) === nodeId[node]) continue;
      if (node !== root && (type === shortcut || owned[to] > isOwned)) continue;
      retains[edge] = 1;
    }
  }
  return retains;
}
