/** Computes what takes long about a graph, in two threads if there is a second processor. */
import { classesOf } from './graph/classes.js';
import { distances } from './graph/distances.js';
import { dominanceOf, dominanceQuestion, ownershipQuestion } from './graph/dominance.js';
import { roomForNodes, type Graph } from './graph/graph.js';
import { ephemeronsOf, ownedNodes } from './graph/reachability.js';
import { shallowSizes } from './graph/shallow-sizes.js';
import type { KnownParts } from './graph/snapshot.js';
import { startSecondThread, type SecondThread } from './second-thread.js';

/** With fewer, starting a thread takes longer than it saves. */
const MIN_EDGES_FOR_THREAD = 500_000;

/** Starts the second thread, if it is enabled and worth starting. */
export type Start = (worthwhile: boolean) => SecondThread | null;

export function lazySecondThread(threads: number): { start: Start; end: () => Promise<void> } {
  let thread: SecondThread | null = null;
  return {
    start: (worthwhile) => (threads > 1 && worthwhile ? (thread ??= startSecondThread()) : null),
    end: async () => thread?.end(),
  };
}

/** The dominators take longer than everything else. */
export async function computedParts(graph: Graph, start: Start): Promise<KnownParts> {
  const thread = start(graph.edgeCount >= MIN_EDGES_FOR_THREAD);
  const ownership = ownershipQuestion(graph);
  const owned = thread?.ask('ownership', ownership) ?? ownedNodes(ownership);
  const ephemerons = ephemeronsOf(graph);
  const question = dominanceQuestion(graph, await owned, ephemerons);
  const dominance = thread?.ask('dominance', question) ?? dominanceOf(question);
  const room = roomForNodes(graph);
  const distance = distances(graph, ephemerons, room);
  const shallow = shallowSizes(graph, room);
  const classes = classesOf(graph, undefined, room);
  return { ephemerons, distance, classes, shallow, dominance: await dominance };
}
