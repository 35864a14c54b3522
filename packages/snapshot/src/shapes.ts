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

/** Plain objects with the same properties in the same order. */
interface Signature {
  /** Indexes into the graph's strings, `__proto__` included. */
  names: Uint32Array;
  shape: string | null;
}

/** Uses the shapes given, of another snapshot for example, or finds its own. */
export function shapesOf(graph: Graph, given?: readonly Shape[]): ShapesOfObjects {
  const { objects, signatureOf, signatures } = collect(graph);
  const least = Math.max(LEAST_OBJECTS, objects.length / LEAST_SHARE);
  const shapes = given ? [...given] : popular(graph, signatures, countsOf(signatures, signatureOf), least);
  const tree = treeOf(shapes);
  for (const signature of signatures) {
    signature.shape = bestMatch(tree, Array.from(signature.names, (name) => graph.strings.get(name)).sort());
  }
  return {
    shapes,
    forEach: (callback) => {
      objects.forEach((node, index) => {
        callback(node, signatures[signatureOf[index]].shape);
      });
    },
  };
}

/**
 * The shapes of at least `least` objects. Unlike those DevTools names, whether a shape is among them does not
 * depend on how many other objects there are, so that snapshots of one process agree on it.
 */
export function shapesWith(graph: Graph, least: number): Shape[] {
  const { signatureOf, signatures } = collect(graph);
  return popular(graph, signatures, countsOf(signatures, signatureOf), least);
}

function countsOf(signatures: Signature[], signatureOf: number[]): Uint32Array {
  const counts = new Uint32Array(signatures.length);
  for (const signature of signatureOf) counts[signature]++;
  return counts;
}

function collect(graph: Graph): { objects: number[]; signatureOf: number[]; signatures: Signature[] } {
  const { nodeCount, nodeType, nodeTypes, nodeName, strings, firstEdge, edgeType, edgeTypes, edgeName } =
    graph;
  const object = typeIndex(nodeTypes, 'object');
  const property = typeIndex(edgeTypes, 'property');
  const plain = new Set(strings.find('Object'));
  const objects: number[] = [];
  const signatureOf: number[] = [];
  const signatures: Signature[] = [];
  const byHash = new Map<number, number[]>();
  let names = new Uint32Array(256);
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== object || !plain.has(nodeName[node])) continue;
    let length = 0;
    let hash = 0;
    if (firstEdge[node + 1] - firstEdge[node] > names.length) {
      names = new Uint32Array(2 * (firstEdge[node + 1] - firstEdge[node]));
    }
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== property) continue;
      names[length++] = edgeName[edge];
      hash = (Math.imul(hash, 31) + edgeName[edge]) | 0;
    }
    const candidates = byHash.get(hash) ?? [];
    if (candidates.length === 0) byHash.set(hash, candidates);
    let signature = candidates.find((index) => areEqual(signatures[index].names, names, length));
    if (signature === undefined) {
      signature = signatures.length;
      signatures.push({ names: names.slice(0, length), shape: null });
      candidates.push(signature);
    }
    objects.push(node);
    signatureOf.push(signature);
  }
  return { objects, signatureOf, signatures };
}

function areEqual(names: Uint32Array, others: Uint32Array, length: number): boolean {
  if (names.length !== length) return false;
  for (let at = 0; at < length; at++) if (names[at] !== others[at]) return false;
  return true;
}

function popular({ strings }: Graph, signatures: Signature[], counts: Uint32Array, least: number): Shape[] {
  const candidates = new Map<string, Shape & { count: number }>();
  signatures.forEach(({ names }, index) => {
    const properties: string[] = [];
    let name = '{';
    for (const string of names) {
      const property = strings.get(string);
      if (property === '__proto__') continue;
      const formatted = propertyName(property);
      if (name.length > 1 && name.length + formatted.length > LONGEST_NAME) break;
      name += (name.length > 1 ? ', ' : '') + formatted;
      properties.push(property);
    }
    if (properties.length === 0) return;
    name += '}';
    const candidate = candidates.get(name);
    if (candidate) candidate.count += counts[index];
    else candidates.set(name, { name, properties, count: counts[index] });
  });
  return [...candidates.values()].filter(({ count }) => count >= least).sort((a, b) => b.count - a.count);
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
