/** One snapshot, and what can be asked about it. What takes long is worked out when it is first asked for. */
import { bytesOf } from './bits.js';
import { classesOf, classRows, type Classes, type ClassRow } from './classes.js';
import type { Sizes } from './columns.js';
import { distances } from './distances.js';
import { dominanceOf, dominanceQuestion, ownershipQuestion, type Dominance } from './dominance.js';
import { dominatedBy, retainedSizes, type Dominated } from './dominators.js';
import { duplicateStrings, type DuplicateString } from './duplicate-strings.js';
import type { Graph } from './graph.js';
import { displayName } from './names.js';
import { ephemeronsOf, ownedNodes, type Ephemerons } from './reachability.js';
import { shallowSizes } from './shallow-sizes.js';

/** Nodes are given by their ordinals. Sizes are in bytes. */
export interface Snapshot {
  readonly graph: Graph;
  /** As DevTools shows them; the file's own are in `graph.selfSize`. */
  readonly shallowSize: Sizes;
  /** 1 for each edge that keeps what it points to alive. */
  readonly retains: Uint8Array;
  /** Each node's immediate dominator. */
  readonly dominator: Uint32Array;
  readonly retainedSize: Sizes;
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

/** What has been worked out already. */
export interface KnownParts {
  ephemerons?: Ephemerons;
  dominance?: Dominance;
  shallow?: Sizes;
  distance?: Int32Array;
  classes?: Classes;
}

export function snapshotOf(graph: Graph, known: KnownParts = {}): Snapshot {
  const ephemerons = once(() => ephemeronsOf(graph), known.ephemerons);
  const shallow = once(() => shallowSizes(graph), known.shallow);
  const dominance = once(
    () => dominanceOf(dominanceQuestion(graph, ownedNodes(ownershipQuestion(graph)), ephemerons())),
    known.dominance,
  );
  const retains = once(() => bytesOf(dominance().retaining, graph.edgeCount));
  const retained = once(() => retainedSizes(dominance().tree, shallow()));
  const dominated = once(() => dominatedBy(dominance().tree));
  const distance = once(() => distances(graph, ephemerons()), known.distance);
  const classOf = once(() => classesOf(graph), known.classes);
  const rows = once(() => classRows(graph, classOf(), shallow(), retained(), distance(), dominated()));
  const duplicates = once(() => duplicateStrings(graph, shallow(), retained()));
  return {
    graph,
    get shallowSize() {
      return shallow();
    },
    get retains() {
      return retains();
    },
    get dominator() {
      return dominance().tree.dominator;
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

function once<T>(make: () => T, known?: T): () => T {
  let value = known;
  return () => (value ??= make());
}
