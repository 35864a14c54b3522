/** Whose the classes of a snapshot are: a reader looks at those of the program first. */
import type { Snapshot } from '../graph/snapshot.js';
import { ORIGIN, originOf, sourcePositions } from './source-positions.js';

/** Of the program, of one of its libraries, of Node.js and the language, or V8's own. */
export type ClassOrigin = 'program' | 'library' | 'platform' | 'engine';

/**
 * The origin of each class, by its name. V8 writes where the constructor of an object is; plain objects have none
 * and count as the program's, which made most of them.
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
