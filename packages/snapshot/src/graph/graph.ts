/**
 * A snapshot's objects and references in columns. A *node* or an *edge* is identified by its ordinal, its
 * position in the file from 0. The edges of a node are those from `firstEdge[node]` to `firstEdge[node + 1]`
 * (exclusive).
 */
import type { Sizes } from '../format/columns.js';
import type { SnapshotHeader } from '../format/header.js';
import type { StringTable } from './string-table.js';

export interface Graph {
  header: SnapshotHeader;
  nodeCount: number;
  edgeCount: number;
  /** Ordinal of the node from which everything is reached. */
  root: number;
  nodeTypes: readonly string[];
  edgeTypes: readonly string[];

  /** Index into `nodeTypes`. */
  nodeType: Uint8Array;
  /** Index into `strings`. */
  nodeName: Uint32Array;
  nodeId: Uint32Array;
  /** Sizes in bytes as in the file. */
  selfSize: Sizes;
  /** 0 unknown, 1 attached to a document, 2 detached; null if it is unknown for all nodes. */
  detachedness: Uint8Array | null;
  /** One entry more than there are nodes. */
  firstEdge: Uint32Array;

  /** Index into `edgeTypes`. */
  edgeType: Uint8Array;
  /** Index into `strings`; for edges of type element or hidden, a number. */
  edgeName: Uint32Array;
  /** Ordinal of the node it points to. */
  edgeTo: Uint32Array;

  strings: StringTable;
  /** Source positions of constructors and functions. */
  locations: Locations;
  /** Number of bytes after the end of the document, not counting white space; DevTools ignores them too. */
  trailingBytes: number;
}

/** Source positions, sorted by node. */
export interface Locations {
  node: Uint32Array;
  script: Int32Array;
  /** From 0. */
  line: Int32Array;
  /** From 0. */
  column: Int32Array;
}

/**
 * Allocates space for one number per node and per edge of the root; it can be reused by the next computation.
 */
export function roomForNodes({ nodeCount, firstEdge, root }: Graph): Uint32Array {
  return new Uint32Array(nodeCount + firstEdge[root + 1] - firstEdge[root]);
}

/** Returns the type's index; 255 if there is none, which is no node's or edge's type. */
export function typeIndex(types: readonly string[], name: string): number {
  const index = types.indexOf(name);
  return index < 0 ? 255 : index;
}
