/** Classes of two snapshots of the same heap: what each retains. */
import type { Graph, Snapshot } from '@afterimage/snapshot';
import { snapshotOf } from '../../../packages/snapshot/dist/graph/snapshot.js';
import { naturalNodes } from './compare.js';

const LARGEST = 100;
/** Parts of what V8's snapshot says. */
const MAX_APART = 0.005;

export interface ComparedClasses {
  /** How many of the largest by V8's snapshot were compared. */
  compared: number;
  /** Those that are further apart than they may be, most first: bytes. */
  apart: { name: string; theirs: number; ours: number }[];
}

/** @param theirs V8's, of which what differs by nature is left out: who retains what depends on it */
export function compareClasses(theirs: Graph, ours: Snapshot): ComparedClasses {
  const rows = new Map(ours.classes().map((row) => [row.key, row.retainedBytes]));
  const largest = snapshotOf(withoutNatural(theirs)).classes().slice(0, LARGEST);
  const part = ({ theirs, ours }: { theirs: number; ours: number }): number =>
    Math.abs(ours - theirs) / Math.max(1, theirs);
  const apart = largest
    .map(({ key, name, retainedBytes }) => ({ name, theirs: retainedBytes, ours: rows.get(key) ?? 0 }))
    .filter((row) => part(row) > MAX_APART)
    .sort((a, b) => part(b) - part(a));
  return { compared: largest.length, apart };
}

function withoutNatural(graph: Graph): Graph {
  const { nodeCount, edgeCount, firstEdge, edgeType, edgeName, edgeTo } = graph;
  const natural = naturalNodes({ ...graph, text: (index) => graph.strings.get(index) });
  const numbers = new Uint32Array(nodeCount);
  const kept: number[] = [];
  for (let node = 0; node < nodeCount; node++) if (natural[node] === 0) numbers[node] = kept.push(node) - 1;
  const first = new Uint32Array(kept.length + 1);
  const [types, names, targets] = [
    new Uint8Array(edgeCount),
    new Uint32Array(edgeCount),
    new Uint32Array(edgeCount),
  ];
  let count = 0;
  kept.forEach((node, number) => {
    for (let edge = firstEdge[node] ?? 0; edge < (firstEdge[node + 1] ?? 0); edge++) {
      const to = edgeTo[edge] ?? 0;
      if (natural[to] !== 0) continue;
      types[count] = edgeType[edge] ?? 0;
      names[count] = edgeName[edge] ?? 0;
      targets[count++] = numbers[to] ?? 0;
    }
    first[number + 1] = count;
  });
  const pick = <Column extends Uint8Array | Uint32Array>(column: Column): Column =>
    column.filter((_, node) => natural[node] === 0) as Column;
  const rows = Array.from(graph.locations.node.keys()).filter(
    (row) => natural[graph.locations.node[row] ?? 0] === 0,
  );
  const rowsOf = (column: Int32Array): Int32Array => Int32Array.from(rows, (row) => column[row] ?? 0);
  return {
    ...graph,
    nodeCount: kept.length,
    edgeCount: count,
    nodeType: pick(graph.nodeType),
    nodeName: pick(graph.nodeName),
    nodeId: pick(graph.nodeId),
    selfSize: graph.selfSize.filter((_, node) => natural[node] === 0),
    detachedness: null,
    firstEdge: first,
    edgeType: types.subarray(0, count),
    edgeName: names.subarray(0, count),
    edgeTo: targets.subarray(0, count),
    locations: {
      node: Uint32Array.from(rows, (row) => numbers[graph.locations.node[row] ?? 0] ?? 0),
      script: rowsOf(graph.locations.script),
      line: rowsOf(graph.locations.line),
      column: rowsOf(graph.locations.column),
    },
  };
}
