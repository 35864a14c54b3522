/**
 * Finds the most meaningful retaining path of each node: not the shortest, which mostly leads through V8's
 * own tables. Dijkstra's algorithm over the retaining edges, in which a variable or property costs little,
 * and an internal of V8 or Node costs much.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import type { Snapshot } from '../graph/snapshot.js';

/** The paths to all nodes. */
export interface RetainingPaths {
  /** Cost of the path to each node; {@link UNREACHED} if no retaining edge leads there. */
  cost: Uint32Array;
  /** Returns the edges from the root to the node, in order; empty for the root and for unreached nodes. */
  edgesTo(node: number): number[];
}

export const UNREACHED = 0xffffffff;

/** Cost by edge type; programs use mostly element and property. */
const EDGE_COST: Record<string, number> = {
  context: 2,
  element: 2,
  property: 2,
  internal: 3,
  hidden: 9,
  shortcut: 1,
};
const NODE_COST: Record<string, number> = {
  code: 20,
  hidden: 6,
  'object shape': 30,
  synthetic: 30,
  native: 4,
  closure: 1,
};
/** Edges that lead to everything and mean nothing. */
const NAME_COST: Record<string, number> = {
  __proto__: 60,
  constructor: 12,
  prototype: 12,
  map: 30,
  previous: 8,
  feedback_cell: 30,
  shared: 30,
  code: 30,
  native_context: 30,
  global_proxy: 10,
};
/**
 * For handles of libuv or an addon, such as `Node / TCPSocketWrap`: the program's own reference says more.
 */
const NATIVE_HANDLE_COST = 80;
/** For functions by origin, see `ORIGIN`: readers look in the program first. */
const ORIGIN_COST = [0, 3, 6, 60];
const BUCKETS = 256;

/**
 * Computes the paths to all nodes. `origin` is the origin of each function. Takes about as long as the
 * dominators.
 */
export function retainingPaths({ graph, retains }: Snapshot, origin: Uint8Array): RetainingPaths {
  const { nodeCount, root, firstEdge, edgeTo, edgeType, edgeTypes, nodeType, nodeTypes, strings, edgeName } =
    graph;
  const cost = new Uint32Array(nodeCount).fill(UNREACHED);
  const from = new Uint32Array(nodeCount).fill(UNREACHED);
  const edgeCosts = edgeTypes.map((type) => EDGE_COST[type] ?? 10);
  const nodeCosts = nodeTypes.map((type) => NODE_COST[type] ?? 0);
  const nameCosts = new Uint8Array(strings.count);
  for (const [name, extra] of Object.entries(NAME_COST))
    for (const index of strings.find(name)) nameCosts[index] = extra;
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const isNamed = edgeTypes.map((type) => type !== 'element' && type !== 'hidden');

  // Buckets of nodes by cost: no edge costs as much as there are buckets, so they can be reused cyclically.
  const buckets: number[][] = Array.from({ length: BUCKETS }, () => []);
  let waiting = 1;
  cost[root] = 0;
  buckets[0].push(root);
  for (let at = 0; waiting > 0; at++) {
    const bucket = buckets[at % BUCKETS];
    for (let node = bucket.pop(); node !== undefined; node = bucket.pop()) {
      waiting--;
      if (cost[node] !== at) continue; // a cheaper path was found since
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        if (!retains[edge]) continue;
        const to = edgeTo[edge];
        if (cost[to] <= at + 1) continue;
        const type = edgeType[edge];
        let total = at + edgeCosts[type] + nodeCosts[nodeType[to]] + ORIGIN_COST[origin[to]];
        if (
          node === root &&
          nodeType[to] === synthetic &&
          strings.get(graph.nodeName[to]).startsWith('Node / ')
        )
          total += NATIVE_HANDLE_COST;
        if (isNamed[type]) total += nameCosts[edgeName[edge]];
        if (total >= cost[to]) continue;
        cost[to] = total;
        from[to] = edge;
        buckets[total % BUCKETS].push(to);
        waiting++;
      }
    }
  }

  function edgesTo(node: number): number[] {
    const edges: number[] = [];
    for (let at = node; at !== root && from[at] !== UNREACHED;) {
      const edge = from[at];
      edges.push(edge);
      at = sourceOf(graph, edge);
    }
    return edges.reverse();
  }

  return { cost, edgesTo };
}

/** Returns the node that an edge starts from. */
export function sourceOf({ firstEdge, nodeCount }: Graph, edge: number): number {
  let low = 0;
  let high = nodeCount;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (firstEdge[middle] <= edge) low = middle;
    else high = middle;
  }
  return low;
}
