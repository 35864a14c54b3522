/**
 * Detects whether an object bounds its contents, by a field such as `max`. V8 omits small integers from a
 * snapshot, but an object's hidden class has the names of its fields.
 */
import type { Graph } from '../graph/graph.js';
import { edgeLabel, internalTarget, rawName } from '../graph/names.js';
import { propertyTarget } from './holder-words.js';

const LIMIT =
  /^[#_]?(get )?(max|maxSize|maxEntries|maxItems|maxLength|maxKeys|maxAge|limit|capacity|highWaterMark|ttl)$/i;

/** Looks at the object itself, its hidden class and its prototype. */
export function hasLimitField(graph: Graph, node: number, field = LIMIT): boolean {
  if (hasProperty(graph, node, field)) return true;
  const shape = internalTarget(graph, node, 'map');
  const descriptors = shape < 0 ? -1 : internalTarget(graph, shape, 'descriptors');
  if (descriptors >= 0) {
    for (let edge = graph.firstEdge[descriptors]; edge < graph.firstEdge[descriptors + 1]; edge++) {
      const name = graph.edgeTo[edge];
      const type = graph.nodeTypes[graph.nodeType[name]];
      if (type === 'string' && field.test(rawName(graph, name))) return true;
      if (type !== 'symbol') continue;
      const description = internalTarget(graph, name, 'name');
      if (description >= 0 && field.test(rawName(graph, description))) return true;
    }
  }
  const prototype = propertyTarget(graph, node, '__proto__');
  return prototype >= 0 && rawName(graph, prototype) !== 'Object' && hasProperty(graph, prototype, field);
}

function hasProperty(graph: Graph, node: number, field: RegExp): boolean {
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'property' && field.test(edgeLabel(graph, edge)))
      return true;
  }
  return false;
}
