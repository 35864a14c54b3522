/** A snapshot and the queries on it. Expensive results are computed on first use. */
import { bytesOf } from '../format/bits.js';
import { classesOf, classRows, type Classes, type ClassRow } from './classes.js';
import type { Sizes } from '../format/columns.js';
import { distances } from './distances.js';
import { dominanceOf, dominanceQuestion, ownershipQuestion, type Dominance } from './dominance.js';
import { dominatedBy, retainedSizes, type Dominated } from './dominators.js';
import { duplicateStrings, type DuplicateString } from './duplicate-strings.js';
import type { Graph } from './graph.js';
import { displayName, edgeLabel } from './names.js';
import { referrersOf, type Referrers } from './referrers.js';
import { ephemeronsOf, ownedNodes, type Ephemerons } from './reachability.js';
import { shallowSizes } from './shallow-sizes.js';

/** A snapshot. Nodes are identified by their ordinals; sizes are in bytes. */
export interface Snapshot {
  readonly graph: Graph;
  /** Shallow sizes as DevTools shows them; `graph.selfSize` has those of the file. */
  readonly shallowSize: Sizes;
  /** 1 for each edge that keeps its target alive. */
  readonly retains: Uint8Array;
  /** Each node's immediate dominator. */
  readonly dominator: Uint32Array;
  readonly retainedSize: Sizes;
  /** The nodes that each node immediately dominates. */
  readonly dominated: Dominated;
  /** The nodes that refer to each node. */
  readonly referrers: Referrers;
  /** Distance from what the program can name; see {@link distances}. */
  readonly distance: Int32Array;
  readonly classOf: Classes;
  /** Returns the rows of DevTools' Summary view, largest retained size first. */
  classes(): ClassRow[];
  className(node: number): string;
  /**
   * Returns the nodes of a class in file order; empty if there is no class of this name. All constructors of
   * one name count as one class.
   */
  nodesOfClass(name: string): Uint32Array;
  /** Returns the name that DevTools shows for the node. */
  name(node: number): string;
  /** Returns what the node refers to, including weak references. */
  references(node: number): Reference[];
  duplicateStrings(): DuplicateString[];
  /** Returns the node with this ID, or -1. */
  nodeWithId(id: number): number;
}

export interface Reference {
  /** Name as in the file: of a property or variable, or an index. */
  name: string;
  /** `property`, `context`, `element`, `internal`, `hidden`, `shortcut` or `weak`. */
  type: string;
  to: number;
}

/** Results that have already been computed. */
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
  const referrers = once(() => referrersOf(graph));
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
    get referrers() {
      return referrers();
    },
    get distance() {
      return distance();
    },
    get classOf() {
      return classOf();
    },
    classes: rows,
    className: (node) => classOf().names[classOf().classOf[node]],
    nodesOfClass: (name) => nodesOfClass(classOf(), name),
    name: (node) => displayName(graph, node),
    references: (node) => references(graph, node),
    duplicateStrings: duplicates,
    nodeWithId: (id) => graph.nodeId.indexOf(id),
  };
}

function nodesOfClass({ classOf, names }: Classes, name: string): Uint32Array {
  const isWanted = Uint8Array.from(names, (each) => (each === name ? 1 : 0));
  let count = 0;
  for (let node = 0; node < classOf.length; node++) count += isWanted[classOf[node]];
  const nodes = new Uint32Array(count);
  for (let node = 0, at = 0; at < count; node++) if (isWanted[classOf[node]]) nodes[at++] = node;
  return nodes;
}

function references(graph: Graph, node: number): Reference[] {
  const { firstEdge, edgeTo, edgeType, edgeTypes } = graph;
  return Array.from({ length: firstEdge[node + 1] - firstEdge[node] }, (_, index) => {
    const edge = firstEdge[node] + index;
    return { name: edgeLabel(graph, edge), type: edgeTypes[edgeType[edge]], to: edgeTo[edge] };
  });
}

function once<T>(make: () => T, known?: T): () => T {
  let value = known;
  return () => (value ??= make());
}
