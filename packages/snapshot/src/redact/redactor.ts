/**
 * Redacts a snapshot as it streams through, in one pass and with a few bytes of memory per string, and
 * records in it what was done. All nodes, edges, sizes and IDs stay; equal texts stay equal.
 *
 * Strings come last in a snapshot, and V8 stores equal texts once: the property `password` and the value
 * "password" share one string. So each string index is replaced by that of the form in which the string is
 * used, and at the end each string is written once in every form: see {@link FORM}.
 */
import { createHash } from 'node:crypto';
import { type Section } from '../format/section.js';
import { readDocument } from '../format/document.js';
import { malformed, notASnapshot } from '../format/format-error.js';
import { layoutOf, parseHeader, type Layout, type SnapshotHeader } from '../format/header.js';
import { keyedRedaction } from './keyed-redaction.js';
import type { RedactionLevel } from './level.js';
import { openOutput } from './output.js';
import { provenanceOf, readProvenance, writeEnding, type Provenance, type Target } from './provenance.js';
import { rewrittenHeader } from './rewritten-header.js';
import { rewrittenSections, type RewrittenSections } from './rewritten-sections.js';

export interface RedactorOptions {
  level: RedactionLevel;
  /** What is known about the process, to be recorded in the snapshot. */
  target?: Target;
  /** What made the snapshot, unless V8's own generator did. */
  by?: 'reader';
  /** Whose IDs its nodes have, if these last; see {@link Provenance}. */
  ids?: string | undefined;
}

export interface Redactor {
  /**
   * Processes the next bytes of the snapshot without keeping them, and returns finished bytes of the redacted
   * one. Returned chunks are not overwritten unless they are passed to `reuse`.
   * @throws {SnapshotFormatError}
   */
  push(chunk: Uint8Array): Uint8Array[];
  /** Returns a chunk from `push` for reuse once nothing reads it, to save memory. */
  reuse(chunk: Uint8Array): void;
  /**
   * Ends the snapshot.
   * @throws {SnapshotFormatError} if it is incomplete
   */
  end(): { chunks: Uint8Array[]; redacted: Redacted };
}

export interface Redacted {
  nodes: number;
  edges: number;
  strings: number;
  bytes: number;
  provenance: Provenance;
  /** The provenance that the input already had. */
  before: Provenance | null;
  /** Unknown sections; the output does not contain them. */
  leftOut: string[];
  /** Number of bytes after the end of the snapshot that were left out, not counting white space. */
  trailingBytes: number;
}

/** Sections that contain string indexes. */
const NAMED = new Set(['nodes', 'edges', 'trace_function_infos']);

/** Creates a redactor for one snapshot: pass all chunks in order, then call `end`. */
export function redactor({ level, target, by, ids }: RedactorOptions): Redactor {
  const output = openOutput();
  const sha256 = createHash('sha256');
  const compiled = keyedRedaction();
  const { WINDOW } = compiled.layout;
  const sections = rewrittenSections(level, compiled, output);
  let beginning: { header: SnapshotHeader; layout: Layout; provenance: Provenance } | null = null;
  let bytes = 0;
  /** True when everything but the ending, which contains the hash of it, has been written. */
  let ended = false;
  const seen = new Set<string>();
  const leftOut: string[] = [];
  const document = readDocument({ header: readHeader, section });

  function readHeader(json: string, start: number): void {
    const header = parseHeader(json, start);
    const layout = layoutOf(header, start);
    checkOrder(layout, start);
    const provenance = provenanceOf(header, level, target, { by, ids });
    beginning = { header, layout, provenance };
    output.utf8(`{"snapshot":${JSON.stringify(rewrittenHeader(header, provenance))}`);
  }

  function section(key: string, start: number): Section | null {
    if (beginning === null) return null;
    const reader = sections.readerOf(key, beginning.header, beginning.layout);
    if (reader === null) {
      // Replace the ending of an earlier redaction.
      if (key !== 'afterimage') leftOut.push(key);
      return null;
    }
    // How a string is used decides what becomes of it, so the uses must come first, and V8 writes the strings
    // last.
    if (seen.has('strings') && NAMED.has(key)) {
      throw malformed(start, `its section ${key} comes after its strings, which no V8 version writes`);
    }
    seen.add(key);
    output.text(`,\n${JSON.stringify(key)}:[`);
    return reader;
  }

  function push(chunk: Uint8Array): Uint8Array[] {
    for (let at = 0; at < chunk.length; at += WINDOW) document.push(chunk.subarray(at, at + WINDOW));
    return counted(output.take());
  }

  function counted(chunks: Uint8Array[]): Uint8Array[] {
    for (const chunk of chunks) {
      bytes += chunk.length;
      if (!ended) sha256.update(chunk);
    }
    return chunks;
  }

  function end(): { chunks: Uint8Array[]; redacted: Redacted } {
    const { bytes: readBytes, trailingBytes } = document.end();
    if (beginning === null) throw notASnapshot(readBytes, 'it has no header');
    const strings = stringCount(seen, sections, readBytes);
    const chunks = counted(output.takeAll());
    ended = true;
    output.utf8(writeEnding({ sha256: sha256.digest('hex'), leftOut }));
    chunks.push(...counted(output.takeAll()));
    const { header, provenance } = beginning;
    const { node_count: nodes, edge_count: edges } = header;
    const before = readProvenance(header);
    return {
      chunks,
      redacted: { nodes, edges, strings, bytes, provenance, before, leftOut, trailingBytes },
    };
  }

  return { push, reuse: (chunk) => output.reuse(chunk), end };
}

/**
 * Returns the number of strings.
 * @throws {SnapshotFormatError} if a section is missing, or there are fewer strings than are referenced
 */
function stringCount(seen: ReadonlySet<string>, sections: RewrittenSections, at: number): number {
  for (const key of ['nodes', 'edges']) {
    if (!seen.has(key)) throw malformed(at, `it has no section ${key}`);
  }
  const count = sections.strings()?.count;
  if (count === undefined) throw malformed(at, 'it has no section strings');
  const named = sections.records.used();
  if (named > count) throw malformed(at, `it names string ${named - 1}, and has ${count} strings`);
  return count;
}

/**
 * Checks that the type in a row comes before the name, because it decides what becomes of the name.
 * @throws {SnapshotFormatError}
 */
function checkOrder({ nodes, edges }: Layout, start: number): void {
  if (nodes.type < nodes.name && edges.type < edges.name) return;
  throw notASnapshot(start, 'its header puts names before types, which no V8 does');
}
