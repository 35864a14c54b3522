/**
 * The dominator tree, reduced for display: large nodes have their own box, small ones are combined by class
 * (`10,000 × Session`), and even smaller ones as "others".
 */
import type { Graph, Snapshot } from '@afterimage/snapshot';
import type { HeapTree } from '@afterimage/viewer/heap-tree';
import { dominatedByClass } from './dominated-by-class.js';
import { largestFirst } from './largest-first.js';
import { edgeText, nodeText } from './node-text.js';

interface Box {
  place: number;
  depth: number;
  nodes: ArrayLike<number>;
  retainedBytes: number;
}

/** Minimum share of the whole heap for a separate box. */
const MIN_SHARE = 0.0003;
const MAX_BOXES = 20_000;
const MAX_DEPTH = 200;
const NAME_CHARS = 120;

export function heapTree(snapshot: Snapshot): HeapTree {
  const { graph, retainedSize, shallowSize, classOf } = snapshot;
  const boxes = boxColumns(classOf.names);
  const dominatedBy = dominatedByClass(snapshot);
  const waiting = largestFirst<Box>(({ retainedBytes }) => retainedBytes);
  const enough = Math.max(1, retainedSize[graph.root] * MIN_SHARE);

  function add(
    above: Box | null,
    name: string,
    index: number,
    nodes: ArrayLike<number>,
    retainedBytes: number,
  ) {
    let shallowBytes = 0;
    for (let at = 0; at < nodes.length; at++) shallowBytes += shallowSize[nodes[at]];
    const id = nodes.length === 1 ? graph.nodeId[nodes[0]] : 0;
    const sizes = { count: nodes.length, shallowBytes, retainedBytes };
    const place = boxes.add(above?.place ?? 0, name, index, id, sizes);
    const depth = above === null ? 0 : above.depth + 1;
    if (depth < MAX_DEPTH) waiting.push({ place, depth, nodes, retainedBytes });
  }

  add(null, 'the whole heap', classOf.classOf[graph.root], [graph.root], retainedSize[graph.root]);
  for (let box = waiting.pop(); box && boxes.tree.id.length < MAX_BOXES; box = waiting.pop()) {
    const { large, groups, others } = dominatedBy(box.nodes, enough);
    const edges = edgesBetween(graph, box.nodes, large);
    for (const node of large) {
      const edge = edges.get(node);
      const name = nodeText(snapshot, node);
      const reached = edge === undefined ? name : `${edgeText(graph, edge)}: ${name}`;
      add(box, reached, classOf.classOf[node], [node], retainedSize[node]);
    }
    for (const group of groups)
      add(box, classOf.names[group.class], group.class, group.nodes, group.retainedBytes);
    if (others.retainedBytes > 0) boxes.add(box.place, 'others', -1, 0, others);
  }
  return boxes.tree;
}

/**
 * Returns the edge by which a box's only node refers to each of these; most are referenced by others further
 * down.
 */
function edgesBetween(graph: Graph, from: ArrayLike<number>, nodes: number[]): Map<number, number> {
  const found = new Map<number, number>();
  if (from.length !== 1 || from[0] === graph.root || nodes.length === 0) return found;
  const wanted = new Set(nodes);
  for (let edge = graph.firstEdge[from[0]]; edge < graph.firstEdge[from[0] + 1]; edge++) {
    const to = graph.edgeTo[edge];
    if (wanted.has(to) && !found.has(to)) found.set(to, edge);
  }
  return found;
}

function boxColumns(classNames: string[]) {
  const tree: HeapTree = {
    parent: [],
    name: [],
    class: [],
    count: [],
    shallowBytes: [],
    retainedBytes: [],
    id: [],
    classes: [],
  };
  const places = new Map<number, number>();

  function placeOfClass(index: number): number {
    const known = places.get(index);
    if (known !== undefined) return known;
    const place = tree.classes.push(shortened(classNames[index])) - 1;
    places.set(index, place);
    return place;
  }

  /** Adds a box and returns its index. `index` is that of the class in the snapshot. */
  function add(
    parent: number,
    name: string,
    index: number,
    id: number,
    { count, shallowBytes, retainedBytes }: { count: number; shallowBytes: number; retainedBytes: number },
  ): number {
    tree.parent.push(parent);
    tree.name.push(shortened(name));
    tree.class.push(index < 0 ? -1 : placeOfClass(index));
    tree.count.push(count);
    tree.shallowBytes.push(shallowBytes);
    tree.retainedBytes.push(retainedBytes);
    return tree.id.push(id) - 1;
  }

  return { tree, add };
}

function shortened(name: string): string {
  return name.length > NAME_CHARS ? `${name.slice(0, NAME_CHARS)}…` : name;
}
