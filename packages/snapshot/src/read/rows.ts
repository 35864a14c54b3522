/** Turns rows of numbers into the columns of nodes, edges and locations. Rejects values out of range. */
import type { Section } from '../format/section.js';
import {
  float64Column,
  int32Column,
  MAX_UINT32,
  uint32Column,
  uint8Column,
  type Sizes,
} from '../format/columns.js';
import { typeIndex, type Locations } from '../graph/graph.js';
import type { Layout, SnapshotHeader } from '../format/header.js';
import { numbersSection, type Refusal } from '../format/numbers.js';

export interface NodeColumns {
  nodeType: Uint8Array;
  nodeName: Uint32Array;
  nodeId: Uint32Array;
  selfSize: Sizes;
  detachedness: Uint8Array | null;
  /** For each node, the number of edges of all nodes before it; one entry more than there are nodes. */
  firstEdge: Uint32Array;
  /** The largest value in `nodeName`. */
  lastName: number;
}

export interface EdgeColumns {
  edgeType: Uint8Array;
  edgeName: Uint32Array;
  edgeTo: Uint32Array;
  /** The largest value in `edgeName` that is a string index. */
  lastName: number;
}

export interface RowsSection<Columns> extends Section {
  /** Complete once the section is closed. */
  columns(): Columns;
}

export function nodeRows(header: SnapshotHeader, layout: Layout): RowsSection<NodeColumns> {
  const count = header.node_count;
  const { fields, type, name, id, selfSize: size, edgeCount, detachedness: state } = layout.nodes;
  const types = layout.nodeTypes.length;
  const nodeType = uint8Column(count);
  const nodeName = uint32Column(count);
  const nodeId = uint32Column(count);
  let selfSize: Sizes = uint32Column(count);
  /** Created when the first value other than 0 appears: only browsers write any. */
  let detachedness: Uint8Array | null = null;
  const firstEdge = uint32Column(count + 1);
  let nodes = 0;
  let edges = 0;
  let lastName = 0;

  function take(numbers: Float64Array, length: number): Refusal | null {
    let node = nodes;
    for (let row = 0; row < length; row += fields, node++) {
      if (node === count) return tooMany('node', row / fields, count);
      const bytes = numbers[row + size];
      if (
        numbers[row + type] >= types ||
        numbers[row + name] > MAX_UINT32 ||
        numbers[row + id] > MAX_UINT32 ||
        bytes > Number.MAX_SAFE_INTEGER
      ) {
        return outOfRange('node', node, numbers, row, fields);
      }
      nodeType[node] = numbers[row + type];
      nodeName[node] = numbers[row + name];
      nodeId[node] = numbers[row + id];
      if (bytes > MAX_UINT32 && selfSize instanceof Uint32Array) selfSize = widened(selfSize);
      selfSize[node] = bytes;
      if (numbers[row + name] > lastName) lastName = numbers[row + name];
      edges += numbers[row + edgeCount];
      if (edges > header.edge_count) return tooMany('edge', row / fields, header.edge_count);
      firstEdge[node + 1] = edges;
      if (state >= 0 && numbers[row + state] !== 0) {
        detachedness ??= uint8Column(count);
        detachedness[node] = numbers[row + state];
      }
    }
    nodes = node;
    return null;
  }

  function missing(): string | null {
    if (nodes < count) return `there are ${nodes} nodes, of ${count} that its header promises`;
    if (edges === header.edge_count) return null;
    return `its nodes have ${edges} edges, of ${header.edge_count} that its header promises`;
  }

  return Object.assign(numbersSection({ what: 'node', fields, take, missing }), {
    columns: () => ({ nodeType, nodeName, nodeId, selfSize, detachedness, firstEdge, lastName }),
  });
}

export function edgeRows(header: SnapshotHeader, layout: Layout): RowsSection<EdgeColumns> {
  const count = header.edge_count;
  const nodeCount = header.node_count;
  const nodeFields = layout.nodes.fields;
  const { fields, type, name, to } = layout.edges;
  const types = layout.edgeTypes.length;
  const element = typeIndex(layout.edgeTypes, 'element');
  const hidden = typeIndex(layout.edgeTypes, 'hidden');
  const edgeType = uint8Column(count);
  const edgeName = uint32Column(count);
  const edgeTo = uint32Column(count);
  let edges = 0;
  let lastName = 0;

  function take(numbers: Float64Array, length: number): Refusal | null {
    let edge = edges;
    for (let row = 0; row < length; row += fields, edge++) {
      if (edge === count) return tooMany('edge', row / fields, count);
      const kind = numbers[row + type];
      let called = numbers[row + name];
      // V8 writes an element index over 2 ** 31 as a negative number.
      if (called < 0 && called >= -(2 ** 31) && kind === element) called += 2 ** 32;
      const node = Math.floor(numbers[row + to] / nodeFields);
      if (
        !(kind >= 0 && kind < types) ||
        !(called >= 0 && called <= MAX_UINT32) ||
        !(node >= 0 && node < nodeCount) ||
        node * nodeFields !== numbers[row + to]
      ) {
        return outOfRange('edge', edge, numbers, row, fields);
      }
      edgeType[edge] = kind;
      edgeName[edge] = called;
      edgeTo[edge] = node;
      if (called > lastName && kind !== element && kind !== hidden) lastName = called;
    }
    edges = edge;
    return null;
  }

  function missing(): string | null {
    return edges < count ? `there are ${edges} edges, of ${count} that its header promises` : null;
  }

  return Object.assign(numbersSection({ what: 'edge', fields, signed: true, take, missing }), {
    columns: () => ({ edgeType, edgeName, edgeTo, lastName }),
  });
}

export function locationRows(
  { node_count: nodeCount }: SnapshotHeader,
  layout: Layout,
): RowsSection<Locations> {
  const { fields, object, script, line, column } = layout.locations;
  const nodeFields = layout.nodes.fields;
  /** V8 writes at most one per node. */
  let locations = locationColumns(nodeCount);
  let count = 0;

  function take(numbers: Float64Array, length: number): Refusal | null {
    if (object < 0) return null;
    for (let row = 0; row < length; row += fields, count++) {
      const node = numbers[row + object] / nodeFields;
      if (!(Number.isInteger(node) && node >= 0 && node < nodeCount)) {
        return outOfRange('location', count, numbers, row, fields);
      }
      if (count === locations.node.length) locations = grown(locations);
      locations.node[count] = node;
      locations.script[count] = script < 0 ? 0 : numbers[row + script];
      locations.line[count] = line < 0 ? 0 : numbers[row + line];
      locations.column[count] = column < 0 ? 0 : numbers[row + column];
    }
    return null;
  }

  const section = numbersSection({
    what: 'location',
    fields: Math.max(1, fields),
    signed: true,
    take,
    missing: () => null,
  });
  return Object.assign(section, { columns: () => locationsOf(locations, count, nodeCount) });
}

function widened(sizes: Uint32Array): Float64Array {
  const wide = float64Column(sizes.length);
  wide.set(sizes);
  return wide;
}

function locationColumns(count: number): Locations {
  return {
    node: uint32Column(count),
    script: int32Column(count),
    line: int32Column(count),
    column: int32Column(count),
  };
}

function grown(locations: Locations): Locations {
  const larger = locationColumns(2 * locations.node.length + 1);
  for (const name of ['node', 'script', 'line', 'column'] as const) larger[name].set(locations[name]);
  return larger;
}

/** Returns the first `count` locations sorted by node. If a node has several, the last one counts. */
function locationsOf(unsorted: Locations, count: number, nodeCount: number): Locations {
  /** Row of each node, from 1. */
  const rowOf = new Uint32Array(nodeCount);
  let located = 0;
  for (let row = 0; row < count; row++) {
    const node = unsorted.node[row];
    if (rowOf[node] === 0) located++;
    rowOf[node] = row + 1;
  }
  const sorted = locationColumns(located);
  for (let node = 0, at = 0; at < located; node++) {
    if (rowOf[node] === 0) continue;
    const row = rowOf[node] - 1;
    sorted.node[at] = node;
    sorted.script[at] = unsorted.script[row];
    sorted.line[at] = unsorted.line[row];
    sorted.column[at] = unsorted.column[row];
    at++;
  }
  return sorted;
}

function tooMany(what: string, row: number, count: number): Refusal {
  return { row, reason: `there are more ${what}s than the ${count} that its header promises` };
}

function outOfRange(what: string, at: number, numbers: Float64Array, row: number, fields: number): Refusal {
  const values = numbers.subarray(row, row + fields).join(',');
  return { row: row / fields, reason: `${what} ${at} is out of range: ${values}` };
}
