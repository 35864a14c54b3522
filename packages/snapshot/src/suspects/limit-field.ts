/**
 * Detects whether an object bounds its contents, by a field such as `max`. V8 omits small integers from a
 * snapshot, but an object's hidden class has the names of its fields.
 */
import type { Graph } from '../graph/graph.js';
import { edgeLabel, internalTarget, rawName } from '../graph/names.js';
import { propertyTarget } from './holder-words.js';

const LIMIT =
  /^[#_]?(get )?(max|maxSize|maxEntries|maxItems|maxLength|maxKeys|maxAge|limit|capacity|highWaterMark|ttl)$/i;

/** `max` beside one of these is the largest value seen so far. */
const STATISTICS = /^[#_]?(min|minimum|sum|mean|avg|average|total|stddev|p\d\d)$/i;

/**
 * Tells whether the object, its hidden class or its prototype has a field that bounds it. What such a name holds is a
 * number: a method `max()` or an option `maxItems` that is undefined bounds nothing.
 */
export function hasLimitField(graph: Graph, node: number, field = LIMIT): boolean {
  const fields = [...propertyNames(graph, node), ...describedNames(graph, node)];
  const isLimit = (name: string): boolean => field.test(name) && mayBeNumber(graph, node, name);
  const found = fields.filter(isLimit);
  const isStatistic = fields.some((name) => STATISTICS.test(name));
  if (found.some((name) => !isStatistic || !/max$/i.test(name))) return true;
  const prototype = propertyTarget(graph, node, '__proto__');
  if (prototype < 0) return false;
  return propertyNames(graph, prototype).some(
    (name) => field.test(name) && mayBeNumber(graph, prototype, name),
  );
}

function propertyNames(graph: Graph, node: number): string[] {
  const names: string[] = [];
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'property') names.push(edgeLabel(graph, edge));
  }
  return names;
}

/** Fields by the object's hidden class, those with small integers included. */
function describedNames(graph: Graph, node: number): string[] {
  const shape = internalTarget(graph, node, 'map');
  const descriptors = shape < 0 ? -1 : internalTarget(graph, shape, 'descriptors');
  if (descriptors < 0) return [];
  const names: string[] = [];
  for (let edge = graph.firstEdge[descriptors]; edge < graph.firstEdge[descriptors + 1]; edge++) {
    const name = graph.edgeTo[edge];
    const type = graph.nodeTypes[graph.nodeType[name]];
    const text = type === 'symbol' ? internalTarget(graph, name, 'name') : type === 'string' ? name : -1;
    if (text >= 0) names.push(rawName(graph, text));
  }
  return names;
}

/** Small integers have no edge; getters are called `get max`. */
function mayBeNumber(graph: Graph, node: number, name: string): boolean {
  const target = propertyTarget(graph, node, name);
  return target < 0 || name.startsWith('get ') || graph.nodeTypes[graph.nodeType[target]] === 'number';
}
