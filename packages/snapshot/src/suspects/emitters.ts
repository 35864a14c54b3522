/**
 * Finds the event emitter on the way to an accumulation: several lists of listeners on one emitter have one
 * cause.
 */
import type { Graph } from '../graph/graph.js';
import { edgeLabel } from '../graph/names.js';
import { sourceOf } from '../paths/retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import { constructorName, plainName } from './holder-words.js';

export interface Emitter {
  node: number;
  /** The program's name for it, and its class: `client (Commander)`. */
  text: string;
  /** Name of the event; empty if the listeners of several events share the accumulation. */
  event: string;
}

/** Names that Node's EventEmitter and EventTarget, and similar libraries, give their lists. */
const LISTS = /^(_events|kEvents|_eventListeners|eventListeners|_listeners|listenersMap)$/;
const NAMELESS = /^(this|exports|global|)$/;

/** Returns the last emitter on the path. `edges` lead from the root to what accumulates. */
export function emitterOf(snapshot: Snapshot, edges: readonly number[], holder: number): Emitter | null {
  const { graph } = snapshot;
  const at = edges.findLastIndex(
    (edge) => isNamed(graph, edge) && LISTS.test(plainName(edgeLabel(graph, edge))),
  );
  if (at < 0) return null;
  // What hangs further down belongs to something that a listener refers to.
  const held = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  if (held > at + 4 || held < at - 1) return null;
  const node = sourceOf(graph, edges[at]);
  const next = edges.at(at + 1);
  const event =
    next !== undefined && isNamed(graph, next) && at + 1 <= held ? plainName(edgeLabel(graph, next)) : '';
  const className = constructorName(snapshot, node);
  const by = at > 0 ? edges.at(at - 1) : undefined;
  const own = by !== undefined && isNamed(graph, by) ? plainName(edgeLabel(graph, by)) : '';
  // A private field says little without its owner.
  const before = own.startsWith('#') && at > 1 ? edges.at(at - 2) : undefined;
  const name =
    before !== undefined && isNamed(graph, before) ? `${plainName(edgeLabel(graph, before))}.${own}` : own;
  const isTold = !NAMELESS.test(name) && name !== className;
  return { node, text: isTold ? `${name} (${className})` : className, event };
}

function isNamed(graph: Graph, edge: number): boolean {
  const type = graph.edgeTypes[graph.edgeType[edge]];
  return type === 'property' || type === 'context';
}
