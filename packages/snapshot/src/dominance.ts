/** Which edges retain and who dominates whom: one question, that either thread can work out. */
import type { Bits } from './bits.js';
import { dominators, type Dominators } from './dominators.js';
import type { Graph } from './graph.js';
import { programRoots, retainingEdges, type Ephemerons, type RetainingColumns } from './reachability.js';

export interface DominanceQuestion {
  columns: RetainingColumns;
  roots: number[];
  ephemerons: Ephemerons;
}

export interface Dominance {
  retaining: Bits;
  tree: Dominators;
}

/** Of the graph, what can be sent to another thread. */
export function dominanceQuestion(graph: Graph, ephemerons: Ephemerons): DominanceQuestion {
  const { nodeCount, edgeCount, root, edgeTypes, nodeId, firstEdge, edgeType, edgeName, edgeTo } = graph;
  return {
    columns: { nodeCount, edgeCount, root, edgeTypes, nodeId, firstEdge, edgeType, edgeName, edgeTo },
    roots: programRoots(graph),
    ephemerons,
  };
}

export function dominanceOf({ columns, roots, ephemerons }: DominanceQuestion): Dominance {
  const retaining = retainingEdges(columns, roots, ephemerons);
  return { retaining, tree: dominators(columns, retaining) };
}
