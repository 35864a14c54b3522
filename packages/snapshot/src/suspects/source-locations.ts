/**
 * Finds where in the source to look: functions and constructors of what accumulates, and of the path to it.
 */
import { isContext, isOfProgram } from '../paths/path-words.js';
import type { Snapshot } from '../graph/snapshot.js';
import type { SourcePositions } from '../paths/source-positions.js';
import type { PackageOf } from './packages.js';
import { sampleOf } from './sample.js';
import type { SourceLocation } from './suspect.js';

const MAX_LOCATIONS = 8;
const MAX_SAMPLED = 60;
const MAX_INSIDE = 400;

/**
 * Returns the locations. `telling` are functions known to be involved (callbacks of what Node holds), the
 * most telling first: they come before functions and constructors inside what accumulates, and those on the
 * path.
 */
export function locationsOf(
  snapshot: Snapshot,
  positions: SourcePositions,
  packageOf: PackageOf,
  edges: readonly number[],
  members: readonly number[],
  telling: readonly number[],
): SourceLocation[] {
  const { graph } = snapshot;
  const counted = new Map<string, { location: SourceLocation; count: number }>();
  const note = (node: number, weight: number): void => {
    const found = positions.of(node);
    if (!found || !isOfProgram(found.script)) return;
    // Everything in a module is created in its body, so that says little.
    if (found.line === 1 && found.column === 1) weight *= 0.01;
    const { name, script, line, column } = found;
    const key = `${script}:${line}:${column}`;
    const known = counted.get(key);
    if (known) known.count += weight;
    else
      counted.set(key, { location: { function: name, script, line, column, package: null }, count: weight });
  };
  telling.forEach((node, at) => note(node, 1e6 / (at + 1)));
  for (const node of insideOf(snapshot, sampleOf(members, MAX_SAMPLED))) note(node, 1);
  for (const edge of edges.slice().reverse()) note(graph.edgeTo[edge], 0.5);
  for (const edge of edges) {
    if (!isContext(graph, graph.edgeTo[edge])) continue;
    // Functions that share the variables on the path: they can change them.
    for (const node of functionsWith(snapshot, graph.edgeTo[edge])) note(node, 0.1);
  }
  return [...counted.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_LOCATIONS)
    .map(({ location }) => ({ ...location, package: packageOf(location.script) }));
}

/** Returns the given nodes and what they dominate, a few levels deep. */
export function insideOf({ dominated: { first, nodes } }: Snapshot, start: readonly number[]): number[] {
  const found = [...start];
  for (let head = 0; head < found.length && found.length < start.length + MAX_INSIDE; head++) {
    const node = found[head];
    for (let at = first[node]; at < Math.min(first[node + 1], first[node] + 20); at++) found.push(nodes[at]);
  }
  return found;
}

function functionsWith({ graph }: Snapshot, context: number): number[] {
  const found: number[] = [];
  for (
    let edge = graph.firstEdge[context];
    edge < graph.firstEdge[context + 1] && found.length < 20;
    edge++
  ) {
    const node = graph.edgeTo[edge];
    if (graph.nodeTypes[graph.nodeType[node]] === 'closure') found.push(node);
  }
  return found;
}
