/**
 * Determines which native nodes (of a browser) are attached to a document and which are detached: known for
 * some, and inherited by what they point to. Source: HeapSnapshot.propagateDOMState in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { typeIndex, type Graph } from './graph.js';

const ATTACHED = 1;
const DETACHED = 2;

/** Returns 1 for each node that DevTools shows with the prefix "Detached "; null if there are none. */
export function detachedNodes(graph: Graph): Uint8Array | null {
  const { detachedness, nodeCount, firstEdge, edgeTo, edgeType, edgeTypes, nodeType, nodeTypes } = graph;
  if (!detachedness?.some((state) => state !== 0)) return null;
  const native = typeIndex(nodeTypes, 'native');
  const notFollowed = new Set(['hidden', 'weak'].map((name) => typeIndex(edgeTypes, name)));
  const state = detachedness.slice();
  const visited = new Uint8Array(nodeCount);
  const renamed = new Uint8Array(nodeCount);
  const attached: number[] = [];
  const detached: number[] = [];

  function visit(node: number, becomes: number): void {
    if (visited[node]) return;
    visited[node] = 1;
    if (nodeType[node] !== native) return; // not through JavaScript
    state[node] = becomes;
    if (becomes === ATTACHED) attached.push(node);
    else if (becomes === DETACHED) {
      renamed[node] = 1;
      detached.push(node);
    }
  }

  function passOn(node: number, becomes: number): void {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (!notFollowed.has(edgeType[edge])) visit(edgeTo[edge], becomes);
    }
  }

  for (let node = 0; node < nodeCount; node++) {
    const known = detachedness[node] & 3;
    if (known !== 0) visit(node, known);
  }
  for (let node = attached.pop(); node !== undefined; node = attached.pop()) passOn(node, ATTACHED);
  for (let node = detached.pop(); node !== undefined; node = detached.pop()) {
    if (state[node] !== ATTACHED) passOn(node, DETACHED);
  }
  return renamed;
}
