/** Makes a snapshot of a graph that something else has read: without a file, and without a copy of its columns. */
import { availableParallelism } from 'node:os';
import { computedParts, lazySecondThread } from './computed-parts.js';
import type { Sizes } from './format/columns.js';
import { contradictory } from './format/format-error.js';
import { layoutOf, type SnapshotHeader } from './format/header.js';
import { typeIndex, type Graph, type Locations } from './graph/graph.js';
import { snapshotOf, type KnownParts, type Snapshot } from './graph/snapshot.js';
import { provenanceOf, type Maker, type Target } from './redact/provenance.js';
import { redactedColumns } from './redact/redacted-columns.js';
import { rewrittenHeader } from './redact/rewritten-header.js';
import type { RedactionLevel } from './redact/level.js';

/**
 * Nodes and edges by their ordinals, as in {@link Graph}. Columns in shared memory are not copied for the second
 * thread.
 */
export interface SnapshotColumns {
  /** As V8 writes it: the types are those that it describes. */
  header: SnapshotHeader;
  nodeType: Uint8Array;
  /** Index into the strings. */
  nodeName: Uint32Array;
  nodeId: Uint32Array;
  selfSize: Sizes;
  /** One entry more than there are nodes. */
  firstEdge: Uint32Array;
  edgeType: Uint8Array;
  /** Index into the strings; for edges of type element or hidden, a number. */
  edgeName: Uint32Array;
  /** Ordinal of the node it points to. */
  edgeTo: Uint32Array;
  locations: Locations;
  /** What is between the brackets of a snapshot's strings, in chunks. */
  strings: Iterable<Uint8Array>;
}

export interface ColumnsOptions {
  /** How much of strings and names to remove, as `redactor` does. */
  level: RedactionLevel;
  /** What is known about the process. */
  target?: Target;
  /** What read the graph, unless V8's own generator made it. */
  by?: 'reader';
  /** Whose IDs its nodes have, if these last; see {@link Provenance}. */
  ids?: string | undefined;
  /** As in {@link OpenOptions}. */
  parts?: 'all' | 'graph';
  /** As in {@link OpenOptions}. */
  threads?: 1 | 2;
}

/**
 * Makes a snapshot. The columns belong to it from then on: redaction changes names in them.
 * @throws {SnapshotFormatError} if they contradict each other
 * @throws {Error} if there is not enough memory
 */
export async function snapshotFromColumns(
  columns: SnapshotColumns,
  { level, target, by, ids, parts = 'all', threads = availableParallelism() > 1 ? 2 : 1 }: ColumnsOptions,
): Promise<Snapshot> {
  const graph = graphOf(columns, level, target, { by, ids });
  if (parts === 'graph') return snapshotOf(graph);
  const thread = lazySecondThread(threads);
  let known: KnownParts;
  try {
    known = await computedParts(graph, thread.start);
  } finally {
    await thread.end();
  }
  return snapshotOf(graph, known);
}

function graphOf(
  columns: SnapshotColumns,
  level: RedactionLevel,
  target: Target | undefined,
  made: Maker,
): Graph {
  const { header, nodeType, nodeName, nodeId, selfSize, firstEdge, edgeType, edgeName, edgeTo } = columns;
  const { nodeTypes, edgeTypes } = layoutOf(header, 0);
  const named = { nodeTypes, edgeTypes, nodeType, nodeName, edgeType, edgeName, strings: columns.strings };
  const strings = redactedColumns(named, level, checked(columns, nodeTypes, edgeTypes));
  const provenance = provenanceOf(header, level, target, made);
  return {
    header: rewrittenHeader(header, provenance) as SnapshotHeader,
    nodeCount: nodeType.length,
    edgeCount: edgeType.length,
    root: 0,
    nodeTypes,
    edgeTypes,
    nodeType,
    nodeName,
    nodeId,
    selfSize,
    detachedness: null,
    firstEdge,
    edgeType,
    edgeName,
    edgeTo,
    strings,
    locations: columns.locations,
    trailingBytes: 0,
  };
}

/** Returns one more than the greatest string index. */
function checked(
  columns: SnapshotColumns,
  nodeTypes: readonly string[],
  edgeTypes: readonly string[],
): number {
  const { nodeType, nodeName, nodeId, selfSize, firstEdge, edgeType, edgeName, edgeTo, locations } = columns;
  const [nodes, edges] = [nodeType.length, edgeType.length];
  const { node_count: nodeCount, edge_count: edgeCount } = columns.header;
  const lengths = [nodeName.length, nodeId.length, selfSize.length, firstEdge.length - 1, nodeCount];
  if (nodes === 0 || lengths.some((length) => length !== nodes))
    throw contradictory(`its columns of nodes have ${[nodes, ...lengths].join(', ')} rows`);
  if ([edgeName.length, edgeTo.length, edgeCount].some((length) => length !== edges))
    throw contradictory(
      `its columns of edges have ${[edges, edgeName.length, edgeTo.length].join(', ')} rows`,
    );
  let used = 0;
  for (let node = 0; node < nodes; node++) {
    if (nodeType[node] >= nodeTypes.length || firstEdge[node] > firstEdge[node + 1])
      throw contradictory(`node ${node} is out of range`);
    if (nodeName[node] >= used) used = nodeName[node] + 1;
  }
  if (firstEdge[0] !== 0 || firstEdge[nodes] !== edges)
    throw contradictory(`its nodes have ${firstEdge[nodes]} edges, of ${edges}`);
  const [element, hidden] = ['element', 'hidden'].map((type) => typeIndex(edgeTypes, type));
  for (let edge = 0; edge < edges; edge++) {
    const type = edgeType[edge];
    if (type >= edgeTypes.length || edgeTo[edge] >= nodes)
      throw contradictory(`edge ${edge} is out of range`);
    if (type !== element && type !== hidden && edgeName[edge] >= used) used = edgeName[edge] + 1;
  }
  if (locations.node.some((node) => node >= nodes)) throw contradictory('a location is of no node');
  return used;
}
