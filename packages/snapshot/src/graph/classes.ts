/**
 * Computes classes like the Summary view of DevTools: objects by constructor (constructors of one name in two
 * places are two classes), plain objects by shape, everything else by type. Source:
 * HeapSnapshot.calculateObjectNames, buildAggregates and calculateClassesRetainedSize in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { detachedNodes } from './detached.js';
import type { Sizes } from '../format/columns.js';
import type { Dominated } from './dominators.js';
import { roomForNodes, typeIndex, type Graph } from './graph.js';
import { shapesOf, type Shape } from './shapes.js';

export interface Classes {
  /** Index of each node's class. */
  classOf: Uint32Array;
  names: string[];
  /** The name, prefixed with the constructor's position: `script,line,column,name`, or `,name`. */
  keys: string[];
  /** The shapes that plain objects are named after. */
  shapes: Shape[];
}

export interface ClassRow {
  key: string;
  name: string;
  count: number;
  shallowBytes: number;
  /** What freeing all instances would free, in bytes: the sum over those that are not inside another one. */
  retainedBytes: number;
  /** Distance of the nearest instance. */
  distance: number;
}

const ENTITLED_BY_TYPE: Partial<Record<string, string>> = {
  hidden: '(system)',
  code: '(compiled code)',
  closure: 'Function',
  regexp: 'RegExp',
};
const NAMED = new Set(['object', 'native']);

/**
 * Computes the class of each node. For a comparison, `shapes` names plain objects by the shapes of another
 * snapshot.
 */
export function classesOf(graph: Graph, shapes?: readonly Shape[], room = roomForNodes(graph)): Classes {
  const { nodeCount, nodeType, nodeTypes, nodeName, strings } = graph;
  const names: string[] = [];
  const keys: string[] = [];
  const byKey = new Map<string, number>();
  const classOf = room.subarray(0, nodeCount);

  function classFor(name: string, place = ''): number {
    const key = `${place},${name}`;
    let index = byKey.get(key);
    if (index === undefined) {
      index = names.push(name) - 1;
      keys.push(key);
      byKey.set(key, index);
    }
    return index;
  }

  const byType = nodeTypes.map((type) =>
    NAMED.has(type) ? -1 : classFor(ENTITLED_BY_TYPE[type] ?? `(${type})`),
  );
  const object = typeIndex(nodeTypes, 'object');
  const UNKNOWN = 0xffffffff;
  const byName = new Uint32Array(strings.count).fill(UNKNOWN);
  const detached = detachedNodes(graph);
  for (let node = 0; node < nodeCount; node++) {
    const fixed = byType[nodeType[node]];
    if (fixed >= 0) {
      classOf[node] = fixed;
      continue;
    }
    const name = nodeName[node];
    if (detached?.[node]) classOf[node] = classFor(withoutAttributes(`Detached ${strings.get(name)}`));
    else {
      if (byName[name] === UNKNOWN) byName[name] = classFor(withoutAttributes(strings.get(name)));
      classOf[node] = byName[name];
    }
  }

  const named = shapesOf(graph, shapes);
  named.forEach((node, name) => {
    if (name !== null) classOf[node] = classFor(name);
  });

  const { node: located, script, line, column } = graph.locations;
  /** Rows whose class is known, indexed by numbers: building a text key for every object would be slow. */
  const knownRows = new Int32Array(1 << 12).fill(-1);
  const knownNames = new Uint32Array(knownRows.length);
  for (let row = 0; row < located.length; row++) {
    const node = located[row];
    if (nodeType[node] !== object) continue;
    const name = classOf[node];
    const slot = (script[row] * 31 + line[row] * 17 + column[row] + name * 7) & (knownRows.length - 1);
    const known = knownRows[slot];
    const isKnown =
      known >= 0 &&
      knownNames[slot] === name &&
      script[known] === script[row] &&
      line[known] === line[row] &&
      column[known] === column[row];
    if (isKnown) classOf[node] = classOf[located[known]];
    else {
      classOf[node] = classFor(names[name], `${script[row]},${line[row]},${column[row]}`);
      knownRows[slot] = row;
      knownNames[slot] = name;
    }
  }
  return { classOf, names, keys, shapes: named.shapes };
}

/** Removes attributes: `<div id="a">` has the class `<div>`. */
function withoutAttributes(name: string): string {
  const from = name.startsWith('<') ? 0 : name.startsWith('Detached <') ? 10 : -1;
  const space = from < 0 ? -1 : name.indexOf(' ', from);
  return space < 0 ? name : `${name.substring(0, space)}>`;
}

/** Returns the rows of the Summary view, sorted by retained size. Nodes of size zero do not count. */
export function classRows(
  graph: Graph,
  { classOf, names, keys }: Classes,
  shallow: Sizes,
  retained: Sizes,
  distance: Int32Array,
  dominated: Dominated,
): ClassRow[] {
  const rows: ClassRow[] = names.map((name, index) => ({
    key: keys[index],
    name,
    count: 0,
    shallowBytes: 0,
    retainedBytes: 0,
    distance: Infinity,
  }));
  for (let node = 0; node < graph.nodeCount; node++) {
    if (shallow[node] === 0) continue;
    const row = rows[classOf[node]];
    row.count++;
    row.shallowBytes += shallow[node];
    if (distance[node] < row.distance) row.distance = distance[node];
  }
  topmost(graph.root, dominated, classOf, shallow, (node) => {
    rows[classOf[node]].retainedBytes += retained[node];
  });
  return rows
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.retainedBytes - a.retainedBytes || (a.key < b.key ? -1 : 1));
}

/** Calls back with each node that no other node of its class dominates. */
function topmost(
  root: number,
  { first, nodes }: Dominated,
  classOf: Uint32Array,
  shallow: Sizes,
  callback: (node: number) => void,
): void {
  const inside = new Uint8Array(classOf.reduce((most, index) => Math.max(most, index), 0) + 1);
  const depthFirst = new Uint32Array(nodes.length + 1);
  /** Next child at each depth; the path from the root is in `depthFirst`. */
  const next = new Uint32Array(nodes.length + 1);
  /** Whether the node at each depth is the outermost of its class. */
  const shields = new Uint8Array(nodes.length + 1);

  let depth = -1;
  function enter(node: number): void {
    const isTopmost = shallow[node] !== 0 && inside[classOf[node]] === 0;
    if (isTopmost) callback(node);
    if (first[node] === first[node + 1]) return;
    depth++;
    depthFirst[depth] = node;
    next[depth] = first[node];
    shields[depth] = isTopmost ? 1 : 0;
    if (isTopmost) inside[classOf[node]] = 1;
  }

  enter(root);
  while (depth >= 0) {
    const node = depthFirst[depth];
    if (next[depth] < first[node + 1]) enter(nodes[next[depth]++]);
    else {
      if (shields[depth]) inside[classOf[node]] = 0;
      depth--;
    }
  }
}
