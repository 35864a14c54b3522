/**
 * For each node the reference through which it is nearest to what the program can name: by them a path from a
 * root to any node is found.
 */
import { NO_DISTANCE, type PathStep, type Snapshot } from '@afterimage/snapshot';
import { edgeText, nodeText } from './node-text.js';

/** Where there is none: the root, and what nothing retains. */
export const NOBODY = 0xffffffff;

export interface Nearest {
  /** Ordinal of the node that refers to it. */
  from: Uint32Array;
  edge: Uint32Array;
}

/** Of several that are as near, the first in the file that keeps it alive. */
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

/** From a root to `node`; only `node` itself when nothing leads there. */
export function pathTo(snapshot: Snapshot, nearest: Nearest, node: number): PathStep[] {
  const { graph } = snapshot;
  const path: PathStep[] = [];
  for (let at = node; at !== NOBODY && at !== graph.root; at = nearest.from[at]) {
    const edge = nearest.from[at] === NOBODY ? '' : edgeText(graph, nearest.edge[at]);
    path.push({ edge, name: nodeText(snapshot, at), id: graph.nodeId[at] });
  }
  return path.reverse();
}
