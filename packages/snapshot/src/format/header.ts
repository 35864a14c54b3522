/**
 * Reads the header of a snapshot: V8's own description of the columns that follow, and their numbers of rows.
 * It differs between V8 versions, so no order of fields is assumed. V8 writes it in
 * HeapSnapshotJSONSerializer::SerializeSnapshot (src/profiler/heap-snapshot-generator.cc).
 */
import { notASnapshot } from './format-error.js';

/** With the names that the file uses. */
export interface SnapshotMeta {
  node_fields: string[];
  node_types: (string | string[])[];
  edge_fields: string[];
  edge_types: (string | string[])[];
  location_fields?: string[];
  [field: string]: unknown;
}

export interface SnapshotHeader {
  meta: SnapshotMeta;
  node_count: number;
  edge_count: number;
  /** Index into the numbers of `nodes`; 0 if absent. */
  root_index?: number;
  extra_native_bytes?: number;
}

/** Position of each column in a row; -1 if this V8 version does not write it. */
export interface Layout {
  nodes: {
    fields: number;
    type: number;
    name: number;
    id: number;
    selfSize: number;
    edgeCount: number;
    detachedness: number;
  };
  nodeTypes: string[];
  edges: { fields: number; type: number; name: number; to: number };
  edgeTypes: string[];
  locations: { fields: number; object: number; script: number; line: number; column: number };
}

/** V8 writes about 2 KB. */
export const MAX_HEADER_BYTES = 1 << 20;
const MAX_FIELDS = 32;

/**
 * Reads the JSON value of `snapshot`, which begins at byte `offset` of the file.
 * @throws {SnapshotFormatError} `not-a-snapshot`
 */
export function parseHeader(json: string, offset: number): SnapshotHeader {
  let snapshot: unknown;
  try {
    snapshot = JSON.parse(json);
  } catch {
    throw notASnapshot(offset, 'its header is not JSON');
  }
  if (!isHeader(snapshot)) throw notASnapshot(offset, 'its header lacks meta, node_count or edge_count');
  return snapshot;
}

/**
 * Returns the positions of the columns.
 * @throws {SnapshotFormatError} `not-a-snapshot` if the description lacks a required column
 */
export function layoutOf({ meta }: SnapshotHeader, offset: number): Layout {
  const node = (field: string): number => meta.node_fields.indexOf(field);
  const edge = (field: string): number => meta.edge_fields.indexOf(field);
  const location = (field: string): number => meta.location_fields?.indexOf(field) ?? -1;
  const layout: Layout = {
    nodes: {
      fields: meta.node_fields.length,
      type: node('type'),
      name: node('name'),
      id: node('id'),
      selfSize: node('self_size'),
      edgeCount: node('edge_count'),
      detachedness: node('detachedness'),
    },
    nodeTypes: typeNames(meta.node_types, node('type')),
    edges: {
      fields: meta.edge_fields.length,
      type: edge('type'),
      name: edge('name_or_index'),
      to: edge('to_node'),
    },
    edgeTypes: typeNames(meta.edge_types, edge('type')),
    locations: {
      fields: meta.location_fields?.length ?? 0,
      object: location('object_index'),
      script: location('script_id'),
      line: location('line'),
      column: location('column'),
    },
  };
  const { detachedness, ...needed } = layout.nodes;
  const missing = [...Object.entries(needed), ...Object.entries(layout.edges)].find(([, at]) => at < 0);
  if (missing) throw notASnapshot(offset, `its header describes no column for ${missing[0]}`);
  if (Math.max(needed.fields, layout.edges.fields, detachedness) > MAX_FIELDS) {
    throw notASnapshot(offset, `its header describes rows of more than ${MAX_FIELDS} columns`);
  }
  if (layout.nodeTypes.length > 255 || layout.edgeTypes.length > 255) {
    throw notASnapshot(offset, 'its header describes more than 255 types');
  }
  return layout;
}

function typeNames(types: (string | string[])[], column: number): string[] {
  const names = types[column];
  return Array.isArray(names) ? names : [];
}

function isHeader(value: unknown): value is SnapshotHeader {
  if (!isRecord(value) || !isRecord(value.meta)) return false;
  const { node_fields, edge_fields, node_types, edge_types, location_fields } = value.meta;
  return (
    [node_fields, edge_fields, location_fields ?? []].every(areStrings) &&
    [node_types, edge_types].every(Array.isArray) &&
    isCount(value.node_count) &&
    isCount(value.edge_count)
  );
}

function areStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
