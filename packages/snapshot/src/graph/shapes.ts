/**
 * Names plain objects by their properties, such as `{id, name}`, so that they are not all called `Object`.
 * Like DevTools (HeapSnapshot.inferInterfaceDefinitions and applyInterfaceDefinitions in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts): a shape gets a name
 * if at least 2 objects, and at least 1 in 1,000 of all plain objects, begin with its properties. An object
 * belongs to the named shape with which it shares the most properties.
 */
import { typeIndex, type Graph } from './graph.js';
import { nameSequences, type NameSequences } from './name-sequences.js';
import { propertyName } from './names.js';

const MAX_NAME_LENGTH = 120;
const MIN_OBJECTS = 2;
const MIN_SHARE = 1000;

export interface Shape {
  name: string;
  properties: string[];
}

export interface ShapesOfObjects {
  /** The named shapes, those with the most objects first. */
  shapes: Shape[];
  /** Calls back with each plain object and the name of its shape; null if it has none. */
  forEach(callback: (node: number, name: string | null) => void): void;
}

/** Plain objects, sorted by *signature*: the same properties in the same order, not counting `__proto__`. */
interface SignedObjects {
  signatures: NameSequences;
  /** Number of objects with each signature. */
  objects: Uint32Array;
  /** The plain objects, and the signature of each. */
  node: Uint32Array;
  signature: Uint32Array;
}

/** Assigns plain objects to the given shapes, for example those of another snapshot, or finds its own. */
export function shapesOf(graph: Graph, given?: readonly Shape[]): ShapesOfObjects {
  const signed = collect(graph);
  const { node, signature } = signed;
  const { count, names, first } = signed.signatures;
  const least = Math.max(MIN_OBJECTS, node.length / MIN_SHARE);
  const shapes = given ? [...given] : popular(graph, signed, least);
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
 * Returns the shapes with at least `least` objects. Unlike in DevTools, this does not depend on the number of
 * other objects, so that snapshots of one process agree.
 * @param counts whether a name, an index into the strings, counts in an object with so many properties
 */
export function shapesWith(
  graph: Graph,
  least: number,
  counts: (name: number, properties: number) => boolean,
): Shape[] {
  return popular(graph, collect(graph), least, counts);
}

function collect(graph: Graph): SignedObjects {
  const { nodeCount, nodeType, nodeTypes, nodeName, strings, firstEdge, edgeType, edgeTypes, edgeName } =
    graph;
  const object = typeIndex(nodeTypes, 'object');
  const property = typeIndex(edgeTypes, 'property');
  const plain = new Set(strings.find('Object'));
  const proto = new Set(strings.find('__proto__'));
  const isPlain = (node: number): boolean => nodeType[node] === object && plain.has(nodeName[node]);
  let plainNodes = 0;
  let edges = 0;
  let mostEdges = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (!isPlain(node)) continue;
    plainNodes++;
    const own = firstEdge[node + 1] - firstEdge[node];
    edges += own;
    if (own > mostEdges) mostEdges = own;
  }
  const signatures = nameSequences(plainNodes, edges);
  const objects = new Uint32Array(plainNodes);
  const node = new Uint32Array(plainNodes);
  const signature = new Uint32Array(plainNodes);
  const properties = new Uint32Array(mostEdges);
  for (let of = 0, at = 0; at < plainNodes; of++) {
    if (!isPlain(of)) continue;
    let count = 0;
    for (let edge = firstEdge[of]; edge < firstEdge[of + 1]; edge++) {
      if (edgeType[edge] === property && !proto.has(edgeName[edge])) properties[count++] = edgeName[edge];
    }
    node[at] = of;
    signature[at] = signatures.numberOf(properties, 0, count);
    objects[signature[at++]]++;
  }
  return { signatures, objects, node, signature };
}

function popular(
  { strings }: Graph,
  { signatures, objects }: SignedObjects,
  least: number,
  counts: (name: number, properties: number) => boolean = () => true,
): Shape[] {
  const { count, first } = signatures;
  const names = new Uint32Array(signatures.names.length);
  /** Length of each property in a shape's name; 0 if not yet known. */
  const lengths = new Uint32Array(strings.count);
  const lengthOf = (name: number): number => (lengths[name] ||= propertyName(strings.get(name)).length);
  /** The part of each signature that appears in its shape's name. V8 writes no string twice. */
  const beginnings = nameSequences(count, names.length);
  const objectsOf = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const start = first[index];
    const properties = first[index + 1] - start;
    let last = start;
    for (const name of signatures.names.subarray(start, first[index + 1])) {
      if (counts(name, properties)) names[last++] = name;
    }
    if (start === last) continue;
    let end = start + 1;
    let length = '{'.length + lengthOf(names[start]);
    for (; end < last; end++) {
      const more = lengthOf(names[end]);
      // Like DevTools, don't count the comma.
      if (length + more > MAX_NAME_LENGTH) break;
      length += more + ', '.length;
    }
    objectsOf[beginnings.numberOf(names, start, end)] += objects[index];
  }
  const shapes: (Shape & { count: number })[] = [];
  for (let index = 0; index < beginnings.count; index++) {
    if (objectsOf[index] < least) continue;
    const ownNames = beginnings.names.subarray(beginnings.first[index], beginnings.first[index + 1]);
    const properties = Array.from(ownNames, (name) => strings.get(name));
    const name = `{${properties.map(propertyName).join(', ')}}`;
    shapes.push({ name, properties, count: objectsOf[index] });
  }
  return shapes.sort((a, b) => b.count - a.count);
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
