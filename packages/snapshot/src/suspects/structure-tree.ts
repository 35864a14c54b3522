/**
 * The dominator tree with everything that is alike made one: nodes of the same class, held in the same way by
 * what is alike itself. Several snapshots share one tree, which is how they are compared: ids of objects do not
 * outlive a capture, but the place of an object in the program's structure does.
 */
import { classesOf, type Classes } from '../graph/classes.js';
import type { Sizes } from '../format/columns.js';
import { typeIndex, type Graph } from '../graph/graph.js';
import { edgeLabel } from '../graph/names.js';
import { shapesWith, type Shape } from '../graph/shapes.js';
import { sourcePositions } from '../paths/source-positions.js';
import type { Snapshot } from '../graph/snapshot.js';

/** A place is named by its number; the root is 0. */
export interface StructureTree {
  /** The place above each; the root's is itself. A place has a greater number than the one above it. */
  parent: number[];
  /** Class of what is at a place, and how it is held, both in words. */
  className: string[];
  edgeName: string[];
  /** What each of the snapshots has at a place. */
  columns: Column[];
}

export interface Column {
  /** How many nodes. */
  count: Float64Array;
  /** Bytes of the nodes themselves, V8's own parts of them included. */
  ownBytes: Float64Array;
  /** Bytes of all at this place and at those below. */
  bytes: Float64Array;
  /** Bytes that one node retains, the few that retain very much more than others left out. */
  typicalBytes: Float64Array;
}

export interface Placed {
  /** At which place each node is. */
  placeOf: Uint32Array;
  /** With shapes of plain objects that all the snapshots so far agree on. */
  classes: Classes;
}

export interface StructureTreeBuilder {
  add(snapshot: Snapshot): Placed;
  build(): StructureTree;
}

/** An object with more properties than this is used as a map: their names say nothing of its structure. */
const FIELDS_OF_AN_OBJECT = 24;
/** A structure that repeats itself (lists, trees, chains of promises) within this many steps is folded. */
const MAX_PERIOD = 6;
/** Labels are in a Map, and V8's hold fewer entries (OrderedHashMap::MaxCapacity in src/objects/ordered-hash-table.h). */
const MAX_LABELS = 2 ** 25;
/** So many objects of one shape give it a name, now and in the snapshots that follow. */
const MIN_OBJECTS_OF_A_SHAPE = 5;

// eslint-disable-next-line max-lines-per-function -- one walk over typed arrays that all of it shares
export function buildStructureTree(): StructureTreeBuilder {
  const parent = [0];
  const className = ['(root)'];
  const edgeName = [''];
  /** Place by the place above and the label. */
  const places = new Map<number, number>();
  const labels = new Map<string, number>();
  /** Of each place. */
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

  /** The place to which a third occurrence of a label, in steps of one length, is folded; -1 if it is none. */
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
    for (const shape of shapesWith(graph, MIN_OBJECTS_OF_A_SHAPE)) {
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

  function columnOf(values: number[]): Float64Array {
    return Float64Array.from(parent, (_, place) => values[place] ?? 0);
  }

  function build(): StructureTree {
    // A later snapshot may have places that an earlier one has not.
    const whole = (column: Float64Array): Float64Array => columnOf(Array.from(column));
    return {
      parent,
      className,
      edgeName,
      columns: columns.map(({ count, ownBytes, bytes, typicalBytes }) => ({
        count: whole(count),
        ownBytes: whole(ownBytes),
        bytes: whole(bytes),
        typicalBytes: whole(typicalBytes),
      })),
    };
  }

  return { add, build };
}

/** One node with this part of all bytes at a place is not like the others there. */
const UNLIKE_OTHERS = 1 / 8;

/** The mean without those unlike the others, unless there are few others. */
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

/** The table of a Map, the elements of an Array: V8's, not the program's. */
export function isPartOfAnother({ nodeType, nodeTypes }: Graph, node: number, shallow: Sizes): boolean {
  const type = nodeTypes[nodeType[node]];
  return shallow[node] === 0 && (type === 'array' || type === 'hidden');
}

const NONE = 0xffffffff;

/** The edge by which each node's dominator refers to it, or NONE where it does so through others. */
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
      // The name that the program gave it, if it has one.
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
  const asMap = new Map<number, boolean>();
  const contextClass = new Uint8Array(names.length);
  names.forEach((name, index) => (contextClass[index] = name.startsWith('system / Context') ? 1 : 0));

  /**
   * A closure's class would be Function, whatever it does, and that of its variables `system / Context`: what
   * they share with others of the same code says more.
   */
  function nameKey(node: number): number {
    if (nodeType[node] === closure) return positions.codeOf(node);
    // Each of V8's roots is a place of its own.
    if (nodeType[node] === synthetic) return -1 - names.length - nodeName[node];
    return contextClass[classOf[node]] === 1 ? positions.codeOf(node) : -1 - classOf[node];
  }

  function nameOf(node: number): string {
    const key = nameKey(node);
    let name = classNames.get(key);
    if (name === undefined) {
      if (nodeType[node] === synthetic) name = strings.get(nodeName[node]);
      else if (key < 0) name = names[classOf[node]];
      else if (nodeType[node] === closure) name = `${strings.get(nodeName[node]) || '(anonymous)'}()`;
      else name = `system / Context ${positions.ofContext(node)?.name ?? ''}`;
      classNames.set(key, name);
    }
    return name;
  }

  /** Tells code of one name at two places. */
  function placeInSource(node: number): string {
    if (nodeType[node] !== closure) return variablesOf(graph, node);
    const found = positions.of(node);
    return found === null ? '' : `${found.script}:${found.line}:${found.column}`;
  }

  function isUsedAsMap(node: number): boolean {
    let known = asMap.get(node);
    if (known === undefined) {
      let properties = 0;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++)
        if (edgeType[edge] === property) properties++;
      asMap.set(node, (known = properties > FIELDS_OF_AN_OBJECT));
    }
    return known;
  }

  function edgeKey(node: number): number {
    const edge = edges[node];
    if (edge === NONE) return -1;
    const type = edgeType[edge];
    if (numbered.has(type)) return -2;
    return type === property && isUsedAsMap(dominator[node]) ? -2 : edgeName[edge];
  }

  function edgeText(key: number): string {
    if (key < 0) return key === -2 ? '[]' : '';
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
