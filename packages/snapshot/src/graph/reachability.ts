/**
 * Determines which edges keep their target alive, by the rules of DevTools' Memory panel, so that retained
 * sizes agree with it. Source: HeapSnapshot.computeIsEssentialEdge and JSHeapSnapshot.markPageOwnedNodes in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { hasBit, noBits, setBit, type Bits } from '../format/bits.js';
import { uint32Column } from '../format/columns.js';
import { typeIndex, type Graph } from './graph.js';

/**
 * Edges by which a WeakMap's table holds its values. Each has a counterpart from the key, which is the one
 * that counts.
 */
export interface Ephemerons {
  /** The set of strings that name such edges. */
  names: Bits;
  /** For each of these strings, the ID of the table. */
  tableOf: Uint32Array;
  /** For each of these strings, the number of the pair to which its edge belongs. */
  pairOf: Uint32Array;
  pairs: number;
}

const EPHEMERON =
  /^\d+ \/ part of key \(.*? @(?<key>\d+)\) -> value \(.*? @\d+\) pair in WeakMap \(table @(?<table>\d+)\)$/;
const EPHEMERON_PART = Buffer.from(' / part of key (');

export function ephemeronsOf({ strings }: Graph): Ephemerons {
  const names = noBits(strings.count);
  const tableOf = uint32Column(strings.count);
  const pairOf = uint32Column(strings.count);
  /** Pairs by table and key; the text that both edges' names share would take more memory. */
  const pairOfKey = new Map<number, Map<number, number>>();
  let pairs = 0;
  for (let index = 0; index < strings.count; index++) {
    if (!strings.numberedWith(index, EPHEMERON_PART)) continue;
    const ids = EPHEMERON.exec(strings.get(index))?.groups;
    if (!ids) continue;
    setBit(names, index);
    const table = Number(ids.table);
    const key = Number(ids.key);
    tableOf[index] = table;
    const ofTable = pairOfKey.get(table) ?? new Map<number, number>();
    pairOfKey.set(table, ofTable);
    pairOf[index] = ofTable.get(key) ?? pairs++;
    ofTable.set(key, pairOf[index]);
  }
  return { names, tableOf, pairOf, pairs };
}

/** Returns what the root points to by shortcut: the global objects and the documents' trees. */
export function programRoots(graph: Graph): number[] {
  const { firstEdge, edgeType, edgeTo, edgeTypes, nodeType, nodeTypes, nodeName, strings, root } = graph;
  const shortcut = typeIndex(edgeTypes, 'shortcut');
  const element = typeIndex(edgeTypes, 'element');
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const roots: number[] = [];
  for (let edge = firstEdge[root]; edge < firstEdge[root + 1]; edge++) {
    const to = edgeTo[edge];
    const isDocuments =
      edgeType[edge] === element &&
      nodeType[to] === synthetic &&
      strings.get(nodeName[to]) === '(Document DOM trees)';
    if (edgeType[edge] === shortcut || isDocuments) roots.push(to);
  }
  return roots;
}

/**
 * Returns the nodes that the program owns: those reached from `roots` (the {@link programRoots}) over edges
 * that are not weak. The rest belongs to V8 and Node.
 */
export function ownedNodes({
  roots,
  columns,
}: {
  roots: readonly number[];
  columns: OwnershipColumns;
}): Bits {
  const { nodeCount, firstEdge, edgeType, edgeTo, edgeTypes } = columns;
  const weak = typeIndex(edgeTypes, 'weak');
  const owned = noBits(nodeCount);
  /** Owned, but its targets are not processed yet. */
  const pending = noBits(nodeCount);
  for (const node of roots) {
    setBit(owned, node);
    setBit(pending, node);
  }
  // Sweeps over all nodes in file order instead of following edges, so that memory is read sequentially.
  for (let again = true; again;) {
    again = false;
    for (let word = 0; word < pending.length; word++) {
      while (pending[word] !== 0) {
        const bit = 31 - Math.clz32(pending[word]);
        const node = word * 32 + bit;
        pending[word] &= ~(1 << bit);
        const end = firstEdge[node + 1];
        for (let edge = firstEdge[node]; edge < end; edge++) {
          const to = edgeTo[edge];
          const at = to >>> 5;
          const mask = 1 << (to & 31);
          if ((owned[at] & mask) !== 0 || edgeType[edge] === weak) continue;
          owned[at] |= mask;
          pending[at] |= mask;
          if (at < word) again = true;
        }
      }
    }
  }
  return owned;
}

/** The columns of the graph that decide what the program owns. */
export type OwnershipColumns = Pick<Graph, 'nodeCount' | 'edgeTypes' | 'firstEdge' | 'edgeType' | 'edgeTo'>;

/** The columns of the graph that decide about retention. */
export type RetainingColumns = Pick<
  Graph,
  | 'nodeCount'
  | 'edgeCount'
  | 'root'
  | 'edgeTypes'
  | 'nodeId'
  | 'firstEdge'
  | 'edgeType'
  | 'edgeName'
  | 'edgeTo'
>;

/** Returns the set of retaining edges. `owned` are the {@link ownedNodes}. */
export function retainingEdges(
  columns: RetainingColumns,
  owned: Bits,
  { names, tableOf, pairs }: Ephemerons,
): Bits {
  const { firstEdge, edgeType, edgeName, edgeTo, edgeTypes, nodeId, nodeCount, root } = columns;
  const retaining = noBits(columns.edgeCount);
  const shortcut = typeIndex(edgeTypes, 'shortcut');
  const internal = typeIndex(edgeTypes, 'internal');
  const weak = typeIndex(edgeTypes, 'weak');
  const hasEphemerons = pairs > 0;
  for (let node = 0; node < nodeCount; node++) {
    const mayEnter = node === root || hasBit(owned, node);
    const end = firstEdge[node + 1];
    for (let edge = firstEdge[node]; edge < end; edge++) {
      const type = edgeType[edge];
      const to = edgeTo[edge];
      if (type === weak || to === node) continue;
      if (type === shortcut && node !== root) continue;
      if (!mayEnter && ((owned[to >>> 5] >>> (to & 31)) & 1) === 1) continue;
      if (hasEphemerons && type === internal) {
        const name = edgeName[edge];
        if (hasBit(names, name) && tableOf[name] === nodeId[node]) continue;
      }
      retaining[edge >>> 5] |= 1 << (edge & 31);
    }
  }
  return retaining;
}
