/**
 * Finds growth in references while the number of nodes stays: one object that is repeatedly put into a
 * collection, or passed to native code. Counts references between places, for nodes that have many, and
 * subtracts those that new nodes bring along.
 */
import { typeIndex } from '../graph/graph.js';
import { rawName } from '../graph/names.js';
import type { Snapshot } from '../graph/snapshot.js';
import { isProgramClass, isSteady, type GrowingPlace } from './growing-places.js';
import { isPartOfAnother, type StructureTree } from './structure-tree.js';

export interface ReferenceCounter {
  add(snapshot: Snapshot, placeOf: Uint32Array): void;
  growing(tree: StructureTree, places: readonly GrowingPlace[]): GrowingReferences[];
}

export interface GrowingReferences {
  /** The places where the references start and end. */
  from: number;
  to: number;
  /** Number of references in each snapshot. */
  edges: number[];
  /** Growth in references beyond that of the nodes. */
  more: number;
}

/** Nodes with fewer references cannot gain many while their number stays the same. */
const MIN_REFERENCES_OF_A_NODE = 64;
/** Fewer may be warm-up; at 8 bytes each they don't matter. */
const MIN_MORE = 1000;
/** Minimum growth as a share of the first number of references. */
const MIN_MORE_SHARE = 0.2;
/** Roots that native code uses; V8 counts no bytes of the heap for them. */
const NATIVE_ROOTS = new Set(['(Global handles)', '(Traced handles)', '(Eternal handles)']);

export function isNativeRoot(name: string): boolean {
  return NATIVE_ROOTS.has(name);
}

export function countReferences(): ReferenceCounter {
  /** For each snapshot, counts by the place of origin and the place of the target. */
  const counted: Map<number, Map<number, number>>[] = [];

  function add(snapshot: Snapshot, placeOf: Uint32Array): void {
    const { graph, retains, shallowSize } = snapshot;
    const { nodeCount, nodeType, nodeTypes, firstEdge, edgeTo } = graph;
    const ofV8 = new Set(['hidden', 'array', 'code'].map((name) => typeIndex(nodeTypes, name)));
    const synthetic = typeIndex(nodeTypes, 'synthetic');
    const elements = new Set(graph.strings.find('(object elements)'));
    const counts = new Map<number, Map<number, number>>();
    for (let node = 0; node < nodeCount; node++) {
      const end = firstEdge[node + 1];
      if (end - firstEdge[node] < MIN_REFERENCES_OF_A_NODE || node === graph.root) continue;
      if (ofV8.has(nodeType[node]) && !isPartOfAnother(graph, node, shallowSize)) continue;
      // The array itself has an edge to each of its elements, too (ExtractElementReferences in V8's
      // heap-snapshot-generator.cc).
      if (elements.has(graph.nodeName[node])) continue;
      // V8 does not write whether a handle is weak; this many to one object are a leak of handles either way.
      const isNative = nodeType[node] === synthetic && isNativeRoot(rawName(graph, node));
      if (nodeType[node] === synthetic && !isNative) continue;
      const from = placeOf[node];
      let to = counts.get(from);
      if (to === undefined) counts.set(from, (to = new Map<number, number>()));
      for (let edge = firstEdge[node]; edge < end; edge++) {
        if (!retains[edge] && !isNative) continue;
        const place = placeOf[edgeTo[edge]];
        if (place !== from) to.set(place, (to.get(place) ?? 0) + 1);
      }
    }
    counted.push(counts);
  }

  function growing(tree: StructureTree, places: readonly GrowingPlace[]): GrowingReferences[] {
    const { parent, className, columns } = tree;
    const more = new Map<number, number>();
    for (const { place, counts } of places) {
      const nodes = counts[counts.length - 1] - counts[0];
      more.set(parent[place], (more.get(parent[place]) ?? 0) + nodes);
    }
    const found: GrowingReferences[] = [];
    for (const [from, targets] of counted[counted.length - 1]) {
      const isNative = isNativeRoot(className[from]);
      if (!isNative && (!isProgramClass(className[from]) || className[from] === '')) continue;
      const holders = columns.map(({ count }) => count[from]);
      // New holders bring all their references.
      if (!isNative && holders[0] === 0) continue;
      for (const to of targets.keys()) {
        if (!isProgramClass(className[to])) continue;
        const edges = counted.map((counts) => counts.get(from)?.get(to) ?? 0);
        const [first, last] = [edges[0], edges[edges.length - 1]];
        if (last - first < MIN_MORE || !isSteady(edges)) continue;
        // More references make a table larger. Strings that V8 flattens only change their place.
        const ownBytes = columns.map((column) => column.ownBytes[from]);
        if (!isNative && ownBytes[ownBytes.length - 1] <= ownBytes[0]) continue;
        const nodes = columns.map(({ count }) => count[to]);
        const excess =
          last - first - broughtBy(nodes, first) - broughtBy(holders, first) - (more.get(from) ?? 0);
        if (excess < MIN_MORE || excess < MIN_MORE_SHARE * first || excess < (last - first) / 2) continue;
        found.push({ from, to, edges, more: excess });
      }
    }
    return found.sort((a, b) => b.more - a.more);
  }

  return { add, growing };
}

/** Returns the references that the growth in nodes on either side explains. */
function broughtBy(counts: readonly number[], edges: number): number {
  const grown = Math.max(0, counts[counts.length - 1] - counts[0]);
  return grown * Math.max(1, edges / Math.max(1, counts[0]));
}
