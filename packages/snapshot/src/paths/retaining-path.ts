/** Finds how a node is retained: the references from a root to it, and the same in the program's terms. */
import { edgeLabel, rawName } from '../graph/names.js';
import { foldPath, type LeftOut } from './path-folding.js';
import { pathInWords } from './path-words.js';
import { retainingPaths, type RetainingPaths } from './retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import { sourcePositions, type SourcePositions } from './source-positions.js';

export interface PathStep {
  /** The reference that leads to the node, as DevTools writes it: `sessions`, `[12]`, `table`. */
  edge: string;
  /** Class, or another name of the node. */
  name: string;
  id: number;
  /** Steps omitted after this one; absent if there are none. */
  leftOut?: LeftOut;
}

export interface RetainingPath {
  /** Steps from a root to the node, folded; empty for the root itself and for what nothing retains. */
  steps: PathStep[];
  /** The path in one line: `module.exports of /app/lib/cache.js → sessions (Map) → entries → Session`. */
  text: string;
}

/**
 * Returns the most meaningful path that retains a node: through the program's variables and properties rather
 * than V8's tables, if there is a choice. The first call for a snapshot takes about as long as its
 * dominators.
 */
export function retainingPath(snapshot: Snapshot, node: number): RetainingPath {
  const { positions, paths } = waysIn(snapshot);
  const edges = paths.edgesTo(node);
  return {
    steps: stepsOf(snapshot, edges),
    text: edges.length === 0 ? '' : pathInWords(snapshot, positions, edges, node),
  };
}

interface WaysIn {
  positions: SourcePositions;
  paths: RetainingPaths;
}

const known = new WeakMap<Snapshot, WaysIn>();

/** Returns the paths to all nodes of a snapshot; computed once. */
export function waysIn(snapshot: Snapshot): WaysIn {
  let ways = known.get(snapshot);
  if (ways === undefined) {
    const positions = sourcePositions(snapshot.graph);
    ways = { positions, paths: retainingPaths(snapshot, positions.origin) };
    known.set(snapshot, ways);
  }
  return ways;
}

/** Longer paths are not readable. */
const MAX_STEPS = 100;

/**
 * Returns the steps along `edges`, with repetitions folded and the middle of a very long path left out. The
 * first and the last step are always included.
 */
export function stepsOf(snapshot: Snapshot, edges: readonly number[]): PathStep[] {
  const steps = edges.map((edge) => stepOf(snapshot, edge));
  // Numbers in names don't matter: `[12]` and `[13]` are steps of the same kind.
  const keys = steps.map(({ edge, name }) => `${edge.replace(/\d+/g, '#')}\0${name}`);
  const shown: PathStep[] = [];
  for (const piece of foldPath(keys, MAX_STEPS)) {
    if (typeof piece === 'number') shown.push(steps[piece]);
    else shown[shown.length - 1].leftOut = mergedWith(shown[shown.length - 1].leftOut, piece);
  }
  return shown;
}

/** Merges two gaps: one from repetitions directly followed by the omitted middle. */
function mergedWith(before: LeftOut | undefined, next: LeftOut): LeftOut {
  return before === undefined ? next : { steps: before.steps + next.steps, period: 0 };
}

function stepOf(snapshot: Snapshot, edge: number): PathStep {
  const { graph } = snapshot;
  const node = graph.edgeTo[edge];
  const type = graph.edgeTypes[graph.edgeType[edge]];
  const label = edgeLabel(graph, edge);
  const closure = graph.nodeTypes[graph.nodeType[node]] === 'closure';
  return {
    edge: type === 'element' ? `[${label}]` : label,
    name: closure ? `${rawName(graph, node)}()` : snapshot.className(node),
    id: graph.nodeId[node],
  };
}
