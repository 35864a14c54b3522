/** Snapshots as bytes, redacted, and what becomes of their names. */
import { redactor, type Redacted, type RedactionLevel } from '@afterimage/snapshot';
import { madeUpSnapshot } from '../snapshot/made-up-snapshot.js';

export function redact(bytes: Uint8Array, level: RedactionLevel = 'strings', pieces = 1 << 16): Buffer {
  return redactAll(bytes, level, pieces).output;
}

export function redactAll(
  bytes: Uint8Array,
  level: RedactionLevel,
  pieces = 1 << 16,
): { output: Buffer; redacted: Redacted } {
  const redaction = redactor({ level });
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieces) {
    chunks.push(...redaction.push(bytes.subarray(at, at + pieces)));
  }
  const end = redaction.end();
  return { output: Buffer.concat([...chunks, ...end.chunks]), redacted: end.redacted };
}

export interface Document {
  snapshot: { meta: { node_fields: string[]; edge_fields: string[] }; edge_count: number };
  nodes: number[];
  edges: number[];
  strings: string[];
}

export const PROPERTY = 2;
export const INTERNAL = 3;

/** With an edge of the root for each name. */
export function withNames(type: number, names: readonly string[]): Document {
  const { snapshot, nodes, edges, strings } = JSON.parse(madeUpSnapshot(3)) as Document;
  const added = names.flatMap((_, at) => [type, strings.length + at, 0]);
  const ofRoot = snapshot.meta.node_fields.indexOf('edge_count');
  nodes[ofRoot] = (nodes[ofRoot] ?? 0) + names.length;
  snapshot.edge_count += names.length;
  return { snapshot, nodes, edges: [...added, ...edges], strings: [...strings, ...names] };
}

/** What becomes of names of edges. */
export function redactedNames(type: number, names: readonly string[]): string[] {
  const bytes = Buffer.from(JSON.stringify(withNames(type, names)));
  const { edges, strings } = JSON.parse(redact(bytes).toString()) as Document;
  return names.map((_, at) => strings[edges[3 * at + 1] ?? -1] ?? '');
}
