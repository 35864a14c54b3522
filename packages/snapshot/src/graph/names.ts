/**
 * Names nodes and edges for display, like DevTools: concatenated strings with their whole text, plain objects
 * by their properties (JSHeapSnapshotNode.name in chrome-devtools-frontend,
 * front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts).
 */
import { typeIndex, type Graph } from './graph.js';

const CONCATENATED_CHARS = 1024;
const PLAIN_OBJECT_CHARS = 100;

/** Returns the node's name as in the file. */
export function rawName({ nodeName, strings }: Graph, node: number): string {
  return strings.get(nodeName[node]);
}

/** Returns the name of an edge, without anything that shows its type. */
export function edgeLabel(graph: Graph, edge: number): string {
  const type = graph.edgeTypes[graph.edgeType[edge]];
  const name = graph.edgeName[edge];
  return type === 'element' || type === 'hidden' ? String(name) : graph.strings.get(name);
}

export function displayName(graph: Graph, node: number): string {
  const type = graph.nodeTypes[graph.nodeType[node]];
  if (type === 'concatenated string') return concatenated(graph, node);
  const name = rawName(graph, node);
  return type === 'object' && name === 'Object' ? plainObject(graph, node) : name;
}

/** Returns the node that `node` points to by an internal edge of this name, or -1. */
export function internalTarget(graph: Graph, node: number, name: string): number {
  const names = stringsThatAre(graph, name);
  if (names.size === 0) return -1;
  const { firstEdge, edgeTo, edgeType, edgeTypes, edgeName } = graph;
  const internal = typeIndex(edgeTypes, 'internal');
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    if (edgeType[edge] === internal && names.has(edgeName[edge])) return edgeTo[edge];
  }
  return -1;
}

const foundStrings = new WeakMap<Graph, Map<string, ReadonlySet<number>>>();

/** Cached: comparing string indexes is much faster than decoding the name of each edge. */
function stringsThatAre(graph: Graph, name: string): ReadonlySet<number> {
  const found = foundStrings.get(graph) ?? new Map<string, ReadonlySet<number>>();
  foundStrings.set(graph, found);
  const indexes = found.get(name) ?? new Set(graph.strings.find(name));
  found.set(name, indexes);
  return indexes;
}

function concatenated(graph: Graph, start: number): string {
  const { nodeType, nodeTypes } = graph;
  const type = typeIndex(nodeTypes, 'concatenated string');
  const stack = [start];
  let name = '';
  let steps = 0;
  // A malformed file may contain circular concatenations, even of empty strings.
  while (stack.length > 0 && name.length < CONCATENATED_CHARS && steps++ < 1e5) {
    const node = stack.pop() as number;
    if (nodeType[node] !== type) {
      name += rawName(graph, node);
      continue;
    }
    stack.push(
      Math.max(0, internalTarget(graph, node, 'second')),
      Math.max(0, internalTarget(graph, node, 'first')),
    );
  }
  return name;
}

/** Names a plain object `{first, second, …, last}`, with as many properties from both ends as fit. */
function plainObject(graph: Graph, node: number): string {
  const { firstEdge, edgeType, edgeTypes, edgeName, strings } = graph;
  const property = typeIndex(edgeTypes, 'property');
  let start = '{';
  let end = '}';
  let fromStart = firstEdge[node];
  let fromEnd = firstEdge[node + 1] - 1;
  let atEnd = false;
  while (fromStart <= fromEnd) {
    const edge = atEnd ? fromEnd : fromStart;
    const name = strings.get(edgeName[edge]);
    if (edgeType[edge] !== property || name === '__proto__') {
      if (atEnd) fromEnd--;
      else fromStart++;
      continue;
    }
    const formatted = propertyName(name);
    if (start.length > 1 && start.length + end.length + formatted.length > PLAIN_OBJECT_CHARS) break;
    if (atEnd) {
      fromEnd--;
      end = formatted + (end.length > 1 ? ', ' : '') + end;
    } else {
      fromStart++;
      start += (start.length > 1 ? ', ' : '') + formatted;
    }
    atEnd = !atEnd;
  }
  if (fromStart <= fromEnd) start += ', …';
  if (end.length > 1) start += ', ';
  return start + end;
}

/** Formats a property for a shape's name: quoted if it contains a separator. */
export function propertyName(name: string): string {
  return /[,'"{}]/.test(name) ? JSON.stringify(name) : name;
}
