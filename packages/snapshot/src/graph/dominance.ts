/** Computes which edges retain and which nodes dominate: one task that either thread can do. */
import type { Bits } from '../format/bits.js';
import { dominators, type Dominators } from './dominators.js';
import type { Graph } from './graph.js';
import {
  programRoots,
  retainingEdges,
  type Ephemerons,
  type OwnershipColumns,
  type RetainingColumns,
} from './reachability.js';

export interface OwnershipQuestion {
  columns: OwnershipColumns;
  roots: number[];
}

export interface DominanceQuestion {
  columns: RetainingColumns;
  owned: Bits;
  ephemerons: Ephemerons;
}

export interface Dominance {
  retaining: Bits;
  tree: Dominators;
}

// The parts of the graph that can be sent to another thread.

export function ownershipQuestion(graph: Graph): OwnershipQuestion {
  const { nodeCount, edgeTypes, firstEdge, edgeType, edgeTo } = graph;
  return { columns: { nodeCount, edgeTypes, firstEdge, edgeType, edgeTo }, roots: programRoots(graph) };
}

export function dominanceQuestion(graph: Graph, owned: Bits, ephemerons: Ephemerons): DominanceQuestion {
  const { nodeCount, edgeCount, root, edgeTypes, nodeId, firstEdge, edgeType, edgeName, edgeTo } = graph;
  return {
    columns: { nodeCount, edgeCount, root, edgeTypes, nodeId, firstEdge, edgeType, edgeName, edgeTo },
    owned,
    ephemerons,
  };
}

export function dominanceOf({ columns, owned, ephemerons }: DominanceQuestion): Dominance {
  const retaining = retainingEdges(columns, owned, ephemerons);
  return { retaining, tree: dominators(columns, retaining) };
}
