/** Which nodes refer to each node: the edges backwards, for searches that go from elements to what holds them. */
import type { Graph } from './graph.js';

/** Node n is referred to by `from[first[n]]` to `from[first[n + 1] - 1]`: ascending, once for each edge, weak ones too. */
export interface Referrers {
  first: Uint32Array;
  from: Uint32Array;
}

/** Takes two passes over the edges, and four bytes for each. */
export function referrersOf({ nodeCount, edgeCount, firstEdge, edgeTo }: Graph): Referrers {
  const first = new Uint32Array(nodeCount + 1);
  for (let edge = 0; edge < edgeCount; edge++) first[edgeTo[edge]]++;
  let sum = 0;
  for (let node = 0; node < nodeCount; node++) first[node] = sum += first[node];
  first[nodeCount] = sum;
  // Backwards, which turns each node's end into its beginning.
  const from = new Uint32Array(edgeCount);
  for (let node = nodeCount - 1; node >= 0; node--) {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) from[--first[edgeTo[edge]]] = node;
  }
  return { first, from };
}
