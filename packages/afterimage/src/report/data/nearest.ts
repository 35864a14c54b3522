/** For each node, the reference by which it is nearest to what the program can name. */
import { NO_DISTANCE, type Snapshot } from '@afterimage/snapshot';

/** For nodes without one: the root, and what nothing retains. */
export const NOBODY = 0xffffffff;

export interface Nearest {
  /** Ordinal of the node that refers to it. */
  from: Uint32Array;
  edge: Uint32Array;
}

/** If several are equally near, the first in the file that keeps it alive. */
export function nearestRetainers({ graph, distance, retains }: Snapshot): Nearest {
  const { nodeCount, firstEdge, edgeTo, root } = graph;
  const from = new Uint32Array(nodeCount).fill(NOBODY);
  const edge = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const next = distance[node] + 1;
    if (distance[node] === NO_DISTANCE) continue;
    for (let each = firstEdge[node]; each < firstEdge[node + 1]; each++) {
      const to = edgeTo[each];
      const isNearer = distance[to] === next || (node === root && distance[to] === 1);
      if (!isNearer || to === root || from[to] !== NOBODY || retains[each] === 0) continue;
      from[to] = node;
      edge[to] = each;
    }
  }
  return { from, edge };
}
