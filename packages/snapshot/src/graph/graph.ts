/**
 * A snapshot's objects and references in columns. A *node* is named by its ordinal, its place in the file from
 * 0; an *edge* likewise. A node's edges are those from `firstEdge[node]` up to, not with, `firstEdge[node + 1]`.
 */
import type { Sizes } from '../format/columns.js';
import type { SnapshotHeader } from '../format/header.js';
import type { StringTable } from './string-table.js';

export interface Graph {
  header: SnapshotHeader;
  nodeCount: number;
  edgeCount: number;
  /** Ordinal of the node from which all is reached. */
  root: number;
  nodeTypes: readonly string[];
  edgeTypes: readonly string[];

  /** Index into `nodeTypes`. */
  nodeType: Uint8Array;
  /** Index into `strings`. */
  nodeName: Uint32Array;
  nodeId: Uint32Array;
  /** Bytes, as the file has them. */
  selfSize: Sizes;
  /** 0 unknown, 1 attached to a document, 2 detached; null when it is unknown of all nodes. */
  detachedness: Uint8Array | null;
  /** One more than there are nodes. */
  firstEdge: Uint32Array;

  /** Index into `edgeTypes`. */
  edgeType: Uint8Array;
  /** Index into `strings`, or a number for edges of the types element and hidden. */
  edgeName: Uint32Array;
  /** Ordinal of the node it points to. */
  edgeTo: Uint32Array;

  strings: StringTable;
  /** Source positions of constructors and functions. */
  locations: Locations;
  /** What follows the end of the document, white space not counted; DevTools does not mind it either. */
  trailingBytes: number;
}

/** Rows sorted by node. */
export interface Locations {
  node: Uint32Array;
  script: Int32Array;
  /** From 0. */
  line: Int32Array;
  /** From 0. */
  column: Int32Array;
}

/** For a number for each node and for each edge of the root: whoever has used it up may hand it to the next. */
export function roomForNodes({ nodeCount, firstEdge, root }: Graph): Uint32Array {
  return new Uint32Array(nodeCount + firstEdge[root + 1] - firstEdge[root]);
}

/** The type's index, or 255, which no node or edge has. */
export function typeIndex(types: readonly string[], name: string): number {
  const index = types.indexOf(name);
  return index < 0 ? 255 : index;
}
