/** Tells where the classes of a snapshot come from: readers look at those of the program first. */
import type { Snapshot } from '../graph/snapshot.js';
import { ORIGIN, originOf, sourcePositions } from './source-positions.js';

/** From the program, one of its libraries, Node.js and the language, or V8 itself. */
export type ClassOrigin = 'program' | 'library' | 'platform' | 'engine';

/**
 * Returns the origin of each class by its name. V8 writes the position of an object's constructor; plain
 * objects have none and count as the program's, which makes most of them.
 */
export function classOrigins(snapshot: Snapshot): Map<string, ClassOrigin> {
  const { graph, classOf } = snapshot;
  const positions = sourcePositions(graph);
  const object = graph.nodeTypes.indexOf('object');
  const origins = new Map<string, ClassOrigin>();
  for (const name of classOf.names) origins.set(name, originByName(name));
  const seen = new Uint8Array(classOf.names.length);
  for (const node of graph.locations.node) {
    const index = classOf.classOf[node];
    if (graph.nodeType[node] !== object || seen[index] === 1) continue;
    seen[index] = 1;
    const script = positions.of(node)?.script;
    if (script === undefined) continue;
    const origin = originOf(script);
    if (origin === ORIGIN.program) origins.set(classOf.names[index], 'program');
    else if (origin === ORIGIN.library) origins.set(classOf.names[index], 'library');
  }
  return origins;
}

function originByName(name: string): ClassOrigin {
  if (name.startsWith('{')) return 'program';
  return name.startsWith('(') || name.startsWith('system / ') ? 'engine' : 'platform';
}
