/**
 * The dominator tree with equal nodes merged: those of the same class that are held in the same way by equal
 * nodes. Several snapshots share one tree, which is how they are compared: object IDs differ between
 * captures, but an object's place in the program's structure does not.
 */
import { classesOf, type Classes } from '../graph/classes.js';
import type { Sizes } from '../format/columns.js';
import { typeIndex, type Graph } from '../graph/graph.js';
import { edgeLabel } from '../graph/names.js';
import { shapesWith, type Shape } from '../graph/shapes.js';
import { sourcePositions } from '../paths/source-positions.js';
import type { Snapshot } from '../graph/snapshot.js';
import { MASKED_NAME_BEGINNING } from '../redact/masked-text.js';

/** Places are identified by their number; the root is 0. */
export interface StructureTree {
  /** The parent of each place; the root is its own. A place has a greater number than its parent. */
  parent: number[];
  /** Class of the nodes at each place, and the name of the reference that holds them. */
  className: string[];
  edgeName: string[];
  /** The figures of each snapshot. */
  columns: Column[];
}

export interface Column {
  /** Number of nodes. */
  count: Float64Array;
  /** Bytes of the nodes themselves, including V8's parts of them. */
  ownBytes: Float64Array;
  /** Bytes of the nodes at this place and below. */
  bytes: Float64Array;
  /** Bytes that one node typically retains; outliers that retain very much more don't count. */
  typicalBytes: Float64Array;
}

export interface Placed {
  /** The place of each node. */
  placeOf: Uint32Array;
  /** Classes, with shapes of plain objects that all snapshots so far agree on. */
  classes: Classes;
}

export interface StructureTreeBuilder {
  add(snapshot: Snapshot): Placed;
  build(): StructureTree;
}

/** An object with more properties is used as a map: its property names are not structure. */
const FIELDS_OF_AN_OBJECT = 24;
/** A structure that repeats (lists, trees, chains of promises) with at most this period is folded. */
const MAX_PERIOD = 6;
/**
 * A limit, because labels are in a Map, and V8's Map cannot hold more entries (OrderedHashMap::MaxCapacity in
 * src/objects/ordered-hash-table.h).
 */
const MAX_LABELS = 2 ** 25;
/** This many objects of one shape give it a name, in this and the following snapshots. */
const MIN_OBJECTS_OF_A_SHAPE = 5;

// eslint-disable-next-line max-lines-per-function -- one walk over typed arrays that all of it shares
export function buildStructureTree(): StructureTreeBuilder {
  const parent = [0];
  const className = ['(root)'];
  const edgeName = [''];
  /** Places by parent and label. */
  const places = new Map<number, number>();
  const labels = new Map<string, number>();
  /** Label of each place. */
  const labelAt = [0];
  const columns: Column[] = [];
  const shapes = new Map<string, Shape>();

  function idOf(text: string): number {
    let id = labels.get(text);
    if (id === undefined) labels.set(text, (id = labels.size + 1));
    return id;
  }

  function placeUnder(above: number, label: number, name: string, edge: string): number {
    const repeated = repetition(above, label);
    if (repeated >= 0) return repeated;
    const key = above * MAX_LABELS + label;
    let place = places.get(key);
    if (place === undefined) {
      place = parent.push(above) - 1;
      className.push(name);
      edgeName.push(edge);
      labelAt.push(label);
      places.set(key, place);
    }
    return place;
  }

  /**
   * Returns the place into which the third occurrence of a label at equal distances is folded; -1 if it is
   * not one.
   */
  function repetition(above: number, label: number): number {
    let at = above;
    for (let period = 1; period <= MAX_PERIOD && at !== 0; period++, at = parent[at]) {
      if (labelAt[at] !== label) continue;
      let earlier = at;
      for (let step = 0; step < period; step++) earlier = parent[earlier];
      if (earlier !== 0 && labelAt[earlier] === label) return at;
    }
    return -1;
  }

  function add(snapshot: Snapshot): Placed {
    const { graph, dominated, shallowSize, retainedSize } = snapshot;
    const masked = new Set(graph.strings.beginningWith(MASKED_NAME_BEGINNING));
    // A masked key has another text in each snapshot, and only the names of fields are followed.
    const counts = (name: number, properties: number): boolean =>
      properties <= FIELDS_OF_AN_OBJECT || !masked.has(name);
    for (const shape of shapesWith(graph, MIN_OBJECTS_OF_A_SHAPE, counts)) {
      if (!shapes.has(shape.name)) shapes.set(shape.name, shape);
    }
    const classes = classesOf(graph, [...shapes.values()]);
    const { first, nodes } = dominated;
    const count: number[] = [];
    const size: number[] = [];
    const placeOf = new Uint32Array(graph.nodeCount);
    const edges = edgesFromDominators(snapshot);
    const label = labeler(snapshot, classes, edges, idOf);
    const queue = new Uint32Array(graph.nodeCount);
    queue[0] = graph.root;
    for (let head = 0, queued = 1; head < queued; head++) {
      const node = queue[head];
      const place = placeOf[node];
      count[place] = (count[place] ?? 0) + (isPartOfAnother(graph, node, shallowSize) ? 0 : 1);
      size[place] = (size[place] ?? 0) + shallowSize[node];
      for (let at = first[node]; at < first[node + 1]; at++) {
        const child = nodes[at];
        queue[queued++] = child;
        if (isPartOfAnother(graph, child, shallowSize)) placeOf[child] = place;
        else {
          const { id, name, edge } = label(child);
          placeOf[child] = placeUnder(place, id, name, edge);
        }
      }
    }
    const ownBytes = columnOf(size);
    const bytes = ownBytes.slice();
    for (let place = parent.length - 1; place > 0; place--) bytes[parent[place]] += bytes[place];
    const isCounted = (node: number): boolean => !isPartOfAnother(graph, node, shallowSize);
    const typicalBytes = typical(placeOf, isCounted, retainedSize, columnOf(count), bytes);
    columns.push({ count: columnOf(count), ownBytes, bytes, typicalBytes });
    return { placeOf, classes };
  }

  function columnOf(values: ArrayLike<number | undefined>): Float64Array {
    const column = new Float64Array(parent.length);
    for (let place = 0; place < column.length; place++) column[place] = values[place] ?? 0;
    return column;
  }

  function build(): StructureTree {
    return {
      parent,
      className,
      edgeName,
      // A later snapshot may have places that an earlier one lacks.
      columns: columns.map(({ count, ownBytes, bytes, typicalBytes }) => ({
        count: columnOf(count),
        ownBytes: columnOf(ownBytes),
        bytes: columnOf(bytes),
        typicalBytes: columnOf(typicalBytes),
      })),
    };
  }

  return { add, build };
}

/** A node with more than this share of all bytes at a place is an outlier. */
const UNLIKE_OTHERS = 1 / 8;

/** Returns the mean without outliers, unless few nodes would remain. */
function typical(
  placeOf: Uint32Array,
  isCounted: (node: number) => boolean,
  retainedSize: Sizes,
  count: Float64Array,
  bytes: Float64Array,
): Float64Array {
  const others = count.slice();
  const bytesOfOthers = bytes.slice();
  for (let node = 0; node < placeOf.length; node++) {
    const place = placeOf[node];
    if (retainedSize[node] <= UNLIKE_OTHERS * bytes[place] || !isCounted(node)) continue;
    others[place]--;
    bytesOfOthers[place] -= retainedSize[node];
  }
  return bytes.map((all, place) =>
    others[place] > count[place] / 2 ? bytesOfOthers[place] / others[place] : all / Math.max(1, count[place]),
  );
}

/** Tells whether a node is V8's part of another object: the table of a Map, the elements of an Array. */
export function isPartOfAnother({ nodeType, nodeTypes }: Graph, node: number, shallow: Sizes): boolean {
  const type = nodeTypes[nodeType[node]];
  return shallow[node] === 0 && (type === 'array' || type === 'hidden');
}

const NONE = 0xffffffff;

/**
 * Returns the edge from each node's dominator to it; NONE if the dominator refers to it only through others.
 */
export function edgesFromDominators({ graph, dominator, retains }: Snapshot): Uint32Array {
  const { firstEdge, edgeTo, edgeType, edgeTypes } = graph;
  const found = new Uint32Array(graph.nodeCount).fill(NONE);
  const internal = typeIndex(edgeTypes, 'internal');
  const hidden = typeIndex(edgeTypes, 'hidden');
  for (let node = 0; node < graph.nodeCount; node++) {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (!retains[edge] || dominator[to] !== node) continue;
      const known = found[to];
      // Prefer the name that the program gave it, if it has one.
      if (
        known === NONE ||
        ((edgeType[known] === internal || edgeType[known] === hidden) && edgeType[edge] !== hidden)
      ) {
        found[to] = edge;
      }
    }
  }
  return found;
}

const VARIABLES = 8;
/** Keys of edges whose names don't count. */
const NO_EDGE = -1;
const ANY_ELEMENT = -2;
const ANY_NUMBER = -3;
const TEXTS: Record<number, string> = { [NO_EDGE]: '', [ANY_ELEMENT]: '[]', [ANY_NUMBER]: '#' };
const UNKNOWN = 0;
const NO = 1;
const YES = 2;

function variablesOf(graph: Graph, context: number): string {
  const names: string[] = [];
  for (let edge = graph.firstEdge[context]; edge < graph.firstEdge[context + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'context' && names.length < VARIABLES)
      names.push(edgeLabel(graph, edge));
  }
  return names.join();
}

interface Label {
  id: number;
  name: string;
  edge: string;
}

// eslint-disable-next-line max-lines-per-function -- one closure over the caches of labels
function labeler(
  { graph, dominator }: Snapshot,
  { classOf, names }: Classes,
  edges: Uint32Array,
  idOf: (text: string) => number,
): (node: number) => Label {
  const positions = sourcePositions(graph);
  const { edgeType, edgeTypes, edgeName, strings, firstEdge, nodeType, nodeTypes, nodeName } = graph;
  const closure = typeIndex(nodeTypes, 'closure');
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const property = typeIndex(edgeTypes, 'property');
  const numbered = new Set(['element', 'hidden'].map((name) => typeIndex(edgeTypes, name)));
  const classNames = new Map<number, string>();
  const edgeNames = new Map<number, string>();
  const byName = new Map<number, Map<number, Label>>();
  /** Of each node: whether it is used as a map, once that is known. */
  const asMap = new Uint8Array(graph.nodeCount);
  const contextClass = new Uint8Array(names.length);
  names.forEach((name, index) => (contextClass[index] = name.startsWith('system / Context') ? 1 : 0));

  /**
   * Labels closures and their variables by their code. By class, all would be Function or `system / Context`.
   */
  function nameKey(node: number): number {
    if (nodeType[node] === closure) return positions.codeOf(node);
    // Each of V8's roots is its own place.
    if (nodeType[node] === synthetic) return -1 - names.length - nodeName[node];
    return contextClass[classOf[node]] === 1 ? positions.codeOf(node) : -1 - classOf[node];
  }

  /** Generated functions often have a number in their name: `validate17`. */
  function functionName(node: number): string {
    const name = strings.get(nodeName[node]) || '(anonymous)';
    return positions.script(node) === '' ? name.replace(/\d+/g, '#') : name;
  }

  function nameOf(node: number): string {
    const key = nameKey(node);
    let name = classNames.get(key);
    if (name === undefined) {
      if (nodeType[node] === synthetic) name = strings.get(nodeName[node]);
      else if (key < 0) name = names[classOf[node]];
      else if (nodeType[node] === closure) name = `${functionName(node)}()`;
      else name = `system / Context ${positions.ofContext(node)?.name ?? ''}`;
      classNames.set(key, name);
    }
    return name;
  }

  /** Distinguishes code of the same name in two places. */
  function placeInSource(node: number): string {
    if (nodeType[node] !== closure) return variablesOf(graph, node);
    const found = positions.of(node);
    return found === null ? '' : `${found.script}:${found.line}:${found.column}`;
  }

  function isUsedAsMap(node: number): boolean {
    if (asMap[node] === UNKNOWN) {
      let properties = 0;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++)
        if (edgeType[edge] === property) properties++;
      asMap[node] = properties > FIELDS_OF_AN_OBJECT ? YES : NO;
    }
    return asMap[node] === YES;
  }

  function edgeKey(node: number): number {
    const edge = edges[node];
    if (edge === NONE) return NO_EDGE;
    const type = edgeType[edge];
    if (numbered.has(type)) return ANY_ELEMENT;
    if (type === property && isUsedAsMap(dominator[node])) return ANY_ELEMENT;
    // V8's own tables, which have an entry of each object in a Map.
    return strings.isNumber(edgeName[edge]) ? ANY_NUMBER : edgeName[edge];
  }

  function edgeText(key: number): string {
    if (key < 0) return TEXTS[key] ?? '';
    let text = edgeNames.get(key);
    if (text === undefined) {
      const name = strings.get(key);
      text = / \/ part of key /.test(name) ? '[]' : name.replace(/\d+/g, '#');
      edgeNames.set(key, text);
    }
    return text;
  }

  return (node) => {
    const edge = edgeKey(node);
    const key = nameKey(node);
    let byEdge = byName.get(key);
    if (byEdge === undefined) byName.set(key, (byEdge = new Map<number, Label>()));
    let label = byEdge.get(edge);
    if (label === undefined) {
      const name = nameOf(node);
      const text = edgeText(edge);
      const code = name.endsWith('()') || name.startsWith('system / Context') ? placeInSource(node) : '';
      label = { id: idOf(`${text}\0${name}\0${code}`), name, edge: text };
      byEdge.set(edge, label);
    }
    return label;
  };
}
