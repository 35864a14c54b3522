/** How one node is retained: the references from a root to it, and the same in the words of the program. */
import { edgeLabel, rawName } from '../graph/names.js';
import { foldPath, type LeftOut } from './path-folding.js';
import { pathInWords } from './path-words.js';
import { retainingPaths, type RetainingPaths } from './retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import { sourcePositions, type SourcePositions } from './source-positions.js';

export interface PathStep {
  /** The reference by which it is reached, as DevTools writes it: `sessions`, `[12]`, `table`. */
  edge: string;
  /** Class, or what else names the node. */
  name: string;
  id: number;
  /** Steps of the path after this one that are left out here; absent where there are none. */
  leftOut?: LeftOut;
}

export interface RetainingPath {
  /** From a root to the node, folded; none for the root itself, and for what nothing retains. */
  steps: PathStep[];
  /** In one line: `module.exports of /app/lib/cache.js → sessions (Map) → entries → Session`. */
  text: string;
}

/**
 * The path by which a person would say that a node is retained: by variables and properties of the program
 * rather than V8's tables, where there is a choice. The first call for a snapshot takes about as long as its
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

/** The ways to all nodes of a snapshot, found once. */
export function waysIn(snapshot: Snapshot): WaysIn {
  let ways = known.get(snapshot);
  if (ways === undefined) {
    const positions = sourcePositions(snapshot.graph);
    ways = { positions, paths: retainingPaths(snapshot, positions.origin) };
    known.set(snapshot, ways);
  }
  return ways;
}

/** More pieces of a folded path than this are not read. */
const MAX_STEPS = 100;

/**
 * The steps along `edges`, with repeated ones folded and the middle of a very long path left out. The first and
 * the last step are always there.
 */
export function stepsOf(snapshot: Snapshot, edges: readonly number[]): PathStep[] {
  const steps = edges.map((edge) => stepOf(snapshot, edge));
  // Numbers in names are told apart by nobody: `[12]` and `[13]` are steps of the same kind.
  const keys = steps.map(({ edge, name }) => `${edge.replace(/\d+/g, '#')}\0${name}`);
  const shown: PathStep[] = [];
  for (const piece of foldPath(keys, MAX_STEPS)) {
    if (typeof piece === 'number') shown.push(steps[piece]);
    else shown[shown.length - 1].leftOut = mergedWith(shown[shown.length - 1].leftOut, piece);
  }
  return shown;
}

/** Where the middle is cut out right after repetitions, both are one gap. */
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
