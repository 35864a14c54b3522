/** Finds the shortest path from one node to others, in references: a breadth-first search with a limit. */
import type { Graph } from '../graph/graph.js';

export interface Search {
  /** Whether a path may use this reference, which leads to this node. */
  follows: (edge: number, to: number) => boolean;
  isTarget: (node: number) => boolean;
  /** Maximum number of nodes to visit. */
  maxNodes: number;
}

/** Returns the edges of the path in order; empty if there is none within the limit. */
export function nearestPath(
  { firstEdge, edgeTo }: Graph,
  start: number,
  { follows, isTarget, maxNodes }: Search,
): number[] {
  const by = new Map<number, { edge: number; from: number }>();
  const queue = [start];
  for (let head = 0; head < queue.length && by.size < maxNodes; head++) {
    const node = queue[head];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (to === start || by.has(to) || !follows(edge, to)) continue;
      by.set(to, { edge, from: node });
      if (isTarget(to)) return wayTo(to);
      queue.push(to);
    }
  }
  return [];

  function wayTo(target: number): number[] {
    const edges: number[] = [];
    for (let step = by.get(target); step !== undefined; step = by.get(step.from)) edges.push(step.edge);
    return edges.reverse();
  }
}
