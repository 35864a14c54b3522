/** Builds the header of a redacted snapshot: V8's own fields, and where the snapshot comes from. */
import type { SnapshotHeader } from '../format/header.js';
import type { Provenance } from './provenance.js';

const KNOWN_HEADER = new Set([
  'node_count',
  'edge_count',
  'trace_function_count',
  'root_index',
  'extra_native_bytes',
]);
const KNOWN_META = new Set([
  'node_fields',
  'node_types',
  'edge_fields',
  'edge_types',
  'trace_function_info_fields',
  'trace_node_fields',
  'sample_fields',
  'location_fields',
]);

/** Returns the header without fields that V8 does not write: they could contain anything. */
export function rewrittenHeader(header: SnapshotHeader, provenance: Provenance): object {
  const isKnown = ([name, value]: [string, unknown]): boolean =>
    KNOWN_HEADER.has(name) && typeof value === 'number';
  return {
    meta: Object.fromEntries(Object.entries(header.meta).filter(([name]) => KNOWN_META.has(name))),
    ...Object.fromEntries(Object.entries(header).filter(isKnown)),
    afterimage: provenance,
  };
}
