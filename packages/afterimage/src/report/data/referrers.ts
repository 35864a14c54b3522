/** Finds what refers to a node, and what refers to those, a few levels up. */
import { NO_DISTANCE, SYSTEM_DISTANCE, type Graph, type Snapshot } from '@afterimage/snapshot';
import { edgeText, nodeText } from './node-text.js';

export interface Referrers {
  name: string;
  id: number;
  /** Null if only V8's own roots, or nothing, lead to it. */
  distance: number | null;
  /** Number of references to it, not counting weak ones. */
  count: number;
  /** The nearest to a root first. */
  referrers: Referrer[];
}

export interface Referrer extends Referrers {
  edge: string;
}

const LEVELS = 3;
/** More are not readable, and they are sorted on insertion. */
const MAX_REFERRERS = 1000;

/** Returns the `most` nearest referrers of the node, and fewer of each of them, {@link LEVELS} levels up. */
export function referrersOf(snapshot: Snapshot, node: number, most: number): Referrers {
  const top = described(snapshot, node);
  let level = new Map([[node, [top]]]);
  const seen = new Set([node]);
  for (let depth = 0; depth < LEVELS; depth++) {
    const next = new Map<number, Referrers[]>();
    for (const [target, found] of nearestReferences(
      snapshot,
      [...level.keys()],
      Math.min(most, MAX_REFERRERS) >> depth || 1,
    )) {
      const shown = found.nearest.map(({ from, edge }) => {
        const referrer = { edge: edgeText(snapshot.graph, edge), ...described(snapshot, from) };
        if (!seen.has(from)) next.set(from, [...(next.get(from) ?? []), referrer]);
        return referrer;
      });
      for (const each of level.get(target) ?? []) {
        each.count = found.count;
        each.referrers = shown;
      }
    }
    for (const each of next.keys()) seen.add(each);
    level = next;
  }
  return top;
}

function described(snapshot: Snapshot, node: number): Referrers {
  const { graph, distance } = snapshot;
  const far = distance[node];
  return {
    name: nodeText(snapshot, node),
    id: graph.nodeId[node],
    distance: far === NO_DISTANCE || far >= SYSTEM_DISTANCE ? null : far,
    count: 0,
    referrers: [],
  };
}

interface References {
  count: number;
  nearest: { from: number; edge: number; far: number }[];
}

/** Finds the edges to any of the targets in one pass over all edges. */
function nearestReferences(
  { graph, distance }: Snapshot,
  targets: number[],
  most: number,
): Map<number, References> {
  const wanted = new Uint8Array(graph.nodeCount);
  for (const target of targets) wanted[target] = 1;
  const found = new Map<number, References>(targets.map((target) => [target, { count: 0, nearest: [] }]));
  const isWeak = weakEdges(graph);
  const { firstEdge, edgeTo, nodeCount } = graph;
  for (let from = 0; from < nodeCount; from++) {
    for (let edge = firstEdge[from]; edge < firstEdge[from + 1]; edge++) {
      const to = edgeTo[edge];
      if (wanted[to] === 0 || isWeak(edge)) continue;
      const references = found.get(to) as References;
      references.count++;
      const far = distance[from] === NO_DISTANCE ? Infinity : distance[from];
      insert(references.nearest, { from, edge, far }, most);
    }
  }
  return found;
}

function insert(
  nearest: References['nearest'],
  reference: References['nearest'][number],
  most: number,
): void {
  if (nearest.length === most && reference.far >= nearest[most - 1].far) return;
  const behind = nearest.findIndex(({ far }) => far > reference.far);
  nearest.splice(behind < 0 ? nearest.length : behind, 0, reference);
  if (nearest.length > most) nearest.pop();
}

function weakEdges({ edgeType, edgeTypes }: Graph): (edge: number) => boolean {
  const weak = edgeTypes.indexOf('weak');
  return (edge) => edgeType[edge] === weak;
}
