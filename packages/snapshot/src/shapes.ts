/**
 * Names for plain objects by the properties they have, such as `{id, name}`, so that they do not all come
 * under `Object`. As DevTools does (HeapSnapshot.inferInterfaceDefinitions and applyInterfaceDefinitions in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts): a shape is named
 * when at least 2 objects, and 1 of 1,000 of all plain objects, begin with its properties; an object belongs
 * to the named shape of which it has the most properties.
 */
import { typeIndex, type Graph } from './graph.js';
import { propertyName } from './names.js';

const LONGEST_NAME = 120;
const LEAST_OBJECTS = 2;
const LEAST_SHARE = 1000;

export interface Shape {
  name: string;
  properties: string[];
}

export interface ShapesOfObjects {
  /** The named shapes, those of the most objects first. */
  shapes: Shape[];
  /** Calls back with each plain object and the name of its shape, null when it has none. */
  forEach(callback: (node: number, name: string | null) => void): void;
}

/**
 * Plain objects, sorted by *signature*: the same properties in the same order. In columns, for a heap that is
 * full of dictionaries has a signature for each.
 */
interface Signatures {
  count: number;
  /** The properties of all, as indexes into the graph's strings; `__proto__` is not among them. */
  names: Uint32Array;
  /** Where each one's begin in `names`; one more than there are signatures. */
  first: Uint32Array;
  /** How many objects have it. */
  objects: Uint32Array;
  /** The plain objects, and the signature of each. */
  node: Uint32Array;
  signature: Uint32Array;
}

/** Uses the shapes given, of another snapshot for example, or finds its own. */
export function shapesOf(graph: Graph, given?: readonly Shape[]): ShapesOfObjects {
  const signatures = collect(graph);
  const { count, names, first, node, signature } = signatures;
  const least = Math.max(LEAST_OBJECTS, node.length / LEAST_SHARE);
  const shapes = given ? [...given] : popular(graph, signatures, least);
  const tree = treeOf(shapes);
  const property = graph.strings.findAll(shapes.flatMap(({ properties }) => properties));
  const shapeOf: (string | null)[] = [];
  for (let index = 0; index < count; index++) {
    const properties: string[] = [];
    for (let at = first[index]; at < first[index + 1]; at++) {
      const name = property.get(names[at]);
      if (name !== undefined) properties.push(name);
    }
    shapeOf.push(properties.length === 0 ? null : bestMatch(tree, properties.sort()));
  }
  return {
    shapes,
    forEach: (callback) => {
      for (let at = 0; at < node.length; at++) callback(node[at], shapeOf[signature[at]]);
    },
  };
}

/**
 * The shapes of at least `least` objects. Unlike those DevTools names, whether a shape is among them does not
 * depend on how many other objects there are, so that snapshots of one process agree on it.
 */
export function shapesWith(graph: Graph, least: number): Shape[] {
  return popular(graph, collect(graph), least);
}

function collect(graph: Graph): Signatures {
  const { nodeCount, nodeType, nodeTypes, nodeName, strings, firstEdge, edgeType, edgeTypes, edgeName } =
    graph;
  const object = typeIndex(nodeTypes, 'object');
  const property = typeIndex(edgeTypes, 'property');
  const plain = new Set(strings.find('Object'));
  const proto = new Set(strings.find('__proto__'));
  const isPlain = (node: number): boolean => nodeType[node] === object && plain.has(nodeName[node]);
  let plainNodes = 0;
  let properties = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (!isPlain(node)) continue;
    plainNodes++;
    properties += firstEdge[node + 1] - firstEdge[node];
  }
  // As large as they could have to be; what is not written to takes no memory.
  const names = new Uint32Array(properties);
  const first = new Uint32Array(plainNodes + 1);
  const objects = new Uint32Array(plainNodes);
  const node = new Uint32Array(plainNodes);
  const signature = new Uint32Array(plainNodes);
  let count = 0;
  /** Signatures, from 1, by the hash of their names; a place taken is passed over. */
  let table = new Uint32Array(1 << 10);

  function sameNames(index: number, start: number, end: number): boolean {
    const offset = first[index] - start;
    if (first[index + 1] - end !== offset) return false;
    for (let at = start; at < end; at++) if (names[at] !== names[at + offset]) return false;
    return true;
  }

  function placeOf(start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ names[at], 0x9e3779b1) ^ (hash >>> 15);
    let place = (hash ^ (hash >>> 16)) & (table.length - 1);
    while (table[place] !== 0 && !sameNames(table[place] - 1, start, end)) {
      place = (place + 1) & (table.length - 1);
    }
    return place;
  }

  for (let of = 0, at = 0; at < plainNodes; of++) {
    if (!isPlain(of)) continue;
    const start = first[count];
    let end = start;
    for (let edge = firstEdge[of]; edge < firstEdge[of + 1]; edge++) {
      if (edgeType[edge] === property && !proto.has(edgeName[edge])) names[end++] = edgeName[edge];
    }
    const place = placeOf(start, end);
    const isNew = table[place] === 0;
    if (isNew) {
      first[count + 1] = end;
      table[place] = ++count;
    }
    node[at] = of;
    signature[at] = table[place] - 1;
    objects[signature[at++]]++;
    if (!isNew || 2 * count < table.length) continue;
    table = new Uint32Array(2 * table.length);
    for (let index = 0; index < count; index++) table[placeOf(first[index], first[index + 1])] = index + 1;
  }
  return { count, names, first, objects, node, signature };
}

function popular({ strings }: Graph, { count, names, first, objects }: Signatures, least: number): Shape[] {
  // Of a shape of that many objects the first property is the first of that many; V8 writes no string twice.
  const beginning = new Uint32Array(strings.count);
  for (let index = 0; index < count; index++) {
    if (first[index] < first[index + 1]) beginning[names[first[index]]] += objects[index];
  }
  const candidates = new Map<string, Shape & { count: number }>();
  for (let index = 0; index < count; index++) {
    if (first[index] === first[index + 1] || beginning[names[first[index]]] < least) continue;
    const properties: string[] = [];
    let name = '{';
    for (let at = first[index]; at < first[index + 1]; at++) {
      const property = strings.get(names[at]);
      const formatted = propertyName(property);
      if (name.length > 1 && name.length + formatted.length > LONGEST_NAME) break;
      name += (name.length > 1 ? ', ' : '') + formatted;
      properties.push(property);
    }
    name += '}';
    const candidate = candidates.get(name);
    if (candidate) candidate.count += objects[index];
    else candidates.set(name, { name, properties, count: objects[index] });
  }
  return [...candidates.values()]
    .filter((candidate) => candidate.count >= least)
    .sort((a, b) => b.count - a.count);
}

/** Shapes by their properties in alphabetical order. */
interface ShapeTree {
  next: Map<string, ShapeTree>;
  match: { name: string; properties: number; rank: number } | null;
  greatest: string | null;
}

function treeOf(shapes: readonly Shape[]): ShapeTree {
  const root: ShapeTree = { next: new Map(), match: null, greatest: null };
  shapes.forEach(({ name, properties }, rank) => {
    let tree = root;
    for (const property of [...properties].sort()) {
      let next = tree.next.get(property);
      if (!next) {
        next = { next: new Map(), match: null, greatest: null };
        tree.next.set(property, next);
        if (tree.greatest === null || tree.greatest < property) tree.greatest = property;
      }
      tree = next;
    }
    tree.match ??= { name, properties: properties.length, rank };
  });
  return root;
}

function bestMatch(root: ShapeTree, properties: string[]): string | null {
  let best: ShapeTree['match'] = null;
  const states = new Set([root]);
  for (const property of properties) {
    for (const state of [...states]) {
      if (state.greatest === null || property >= state.greatest) states.delete(state);
      const next = state.next.get(property);
      if (!next) continue;
      states.add(next);
      const match = next.match;
      if (match === null) continue;
      const better =
        best === null ||
        match.properties > best.properties ||
        (match.properties === best.properties && match.rank < best.rank);
      if (better) best = match;
    }
    if (states.size === 0) break;
  }
  return best?.name ?? null;
}
