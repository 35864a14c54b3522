/** One snapshot, and what can be asked about it. What takes long is worked out when it is first asked for. */
import { bytesOf } from './bits.js';
import { classesOf, classRows, type Classes, type ClassRow } from './classes.js';
import { distances } from './distances.js';
import { dominatedBy, dominators, retainedSizes, type Dominated, type Dominators } from './dominators.js';
import { duplicateStrings, type DuplicateString } from './duplicate-strings.js';
import type { Graph } from './graph.js';
import { displayName } from './names.js';
import { ephemeronsOf, programRoots, retainingEdges, type Ephemerons } from './reachability.js';
import { shallowSizes } from './shallow-sizes.js';

/** Nodes are given by their ordinals. Sizes are in bytes. */
export interface Snapshot {
  readonly graph: Graph;
  /** As DevTools shows them; the file's own are in `graph.selfSize`. */
  readonly shallowSize: Float64Array;
  /** 1 for each edge that keeps what it points to alive. */
  readonly retains: Uint8Array;
  /** Each node's immediate dominator. */
  readonly dominator: Uint32Array;
  readonly retainedSize: Float64Array;
  /** The nodes that each node immediately dominates. */
  readonly dominated: Dominated;
  /** From what the program can name; see {@link distances}. */
  readonly distance: Int32Array;
  readonly classOf: Classes;
  /** The Summary view of DevTools, largest retained size first. */
  classes(): ClassRow[];
  className(node: number): string;
  /** What DevTools shows for the node itself. */
  name(node: number): string;
  duplicateStrings(): DuplicateString[];
  /** The node with this id, or -1. */
  nodeWithId(id: number): number;
}

export function snapshotOf(graph: Graph): Snapshot {
  const ephemerons = once<Ephemerons>(() => ephemeronsOf(graph));
  const shallow = once(() => shallowSizes(graph));
  const retains = once(() => retainingEdges(graph, programRoots(graph), ephemerons()));
  const retainsBytes = once(() => bytesOf(retains(), graph.edgeCount));
  const tree = once<Dominators>(() => dominators(graph, retains()));
  const retained = once(() => retainedSizes(tree(), shallow()));
  const dominated = once(() => dominatedBy(tree()));
  const distance = once(() => distances(graph, ephemerons()));
  const classOf = once(() => classesOf(graph));
  const rows = once(() => classRows(graph, classOf(), shallow(), retained(), distance(), dominated()));
  const duplicates = once(() => duplicateStrings(graph, shallow(), retained()));
  return {
    graph,
    get shallowSize() {
      return shallow();
    },
    get retains() {
      return retainsBytes();
    },
    get dominator() {
      return tree().dominator;
    },
    get retainedSize() {
      return retained();
    },
    get dominated() {
      return dominated();
    },
    get distance() {
      return distance();
    },
    get classOf() {
      return classOf();
    },
    classes: rows,
    className: (node) => classOf().names[classOf().classOf[node]],
    name: (node) => displayName(graph, node),
    duplicateStrings: duplicates,
    nodeWithId: (id) => graph.nodeId.indexOf(id),
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
