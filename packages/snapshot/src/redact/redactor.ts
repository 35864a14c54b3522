/**
 * Takes what must not be read out of a snapshot while it streams by, in one pass and with a few bytes of memory a
 * string, and writes down in it what was done. All nodes, edges, sizes and ids stay; equal texts stay equal.
 *
 * Strings come last in a snapshot and V8 has one for equal texts, the property `password` and the value
 * "password" alike. So each index of a string is replaced by that of the form it is used in, and at the end each
 * string is written once in every form: see {@link FORM}.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Section } from '../format/section.js';
import { readDocument } from '../format/document.js';
import { malformed, notASnapshot } from '../format/format-error.js';
import { layoutOf, parseHeader, type Layout, type SnapshotHeader } from '../format/header.js';
import { stringsSection } from '../format/strings-section.js';
import { compiledRedaction } from './compiled.js';
import { knownNames } from './known-names.js';
import type { RedactionLevel } from './level.js';
import { setWordsOfMasks } from './masked-text.js';
import { nameRules } from './name-rules.js';
import { openOutput } from './output.js';
import { anythingPassedOn, numbersPassedOn, stringsPassedOn } from './passed-on.js';
import { provenanceOf, readProvenance, writeEnding, type Provenance, type Target } from './provenance.js';
import { rewrittenRows, type FormIndexes, type Treatment } from './rewritten-rows.js';
import { stringRewriter } from './rewritten-strings.js';
import { stringRecords } from './string-records.js';
import { FORM, USE } from './string-uses.js';

export interface RedactorOptions {
  level: RedactionLevel;
  /** What is known of the process, to be written down with what was done. */
  target?: Target;
}

export interface Redactor {
  /**
   * Takes the next bytes of the snapshot, and keeps none; returns those of the redacted one that are ready. They are
   * not written to again, unless they are given back.
   * @throws {SnapshotFormatError}
   */
  push(chunk: Uint8Array): Uint8Array[];
  /** Gives back what `push` returned and nobody reads any more, so that no other memory is taken. */
  reuse(chunk: Uint8Array): void;
  /** @throws {SnapshotFormatError} when the snapshot is not whole */
  end(): { chunks: Uint8Array[]; redacted: Redacted };
}

export interface Redacted {
  nodes: number;
  edges: number;
  strings: number;
  bytes: number;
  provenance: Provenance;
  /** What it said of itself before. */
  before: Provenance | null;
  /** Sections that nobody here knows; they are not in the output. */
  leftOut: string[];
  /** Bytes behind the end of the snapshot that were left out, white space not counted. */
  trailingBytes: number;
}

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
/** Sections with indexes of strings. */
const NAMED = new Set(['nodes', 'edges', 'trace_function_infos']);
const KEY_BYTES = 16;
const LARGEST_ELEMENT = 2 ** 32 - 2;

/** A redactor for one snapshot: give it all chunks, in order, then ask for the end. */
export function redactor({ level, target }: RedactorOptions): Redactor {
  const output = openOutput();
  const sha256 = createHash('sha256');
  const compiled = compiledRedaction();
  const { INPUT, OUTPUT, WINDOW, SMALL_ELEMENT } = compiled.layout;
  // The key is known to nobody: it is not kept.
  compiled.bytes.set(randomBytes(KEY_BYTES), INPUT);
  compiled.setKey(INPUT);
  setWordsOfMasks(compiled);
  const records = stringRecords(compiled);
  const forms = level === 'names' ? 3 : 2;
  const indexes: FormIndexes = { forms, records, element };
  let header: SnapshotHeader | null = null;
  let layout: Layout | null = null;
  let provenance: Provenance | null = null;
  let bytes = 0;
  /** All but the ending, which has the hash of it, has been written. */
  let ended = false;
  let strings: { readonly count: number } | null = null;
  const seen = new Set<string>();
  const leftOut: string[] = [];
  const document = readDocument({ header: readHeader, section });

  function readHeader(json: string, start: number): void {
    header = parseHeader(json, start);
    layout = layoutOf(header, start);
    checkOrder(layout, start);
    provenance = provenanceOf(header, level, target);
    const known = ([name]: [string, unknown]): boolean => KNOWN_HEADER.has(name);
    const meta = Object.entries(header.meta).filter(([name]) => KNOWN_META.has(name));
    const kept = {
      meta: Object.fromEntries(meta),
      ...Object.fromEntries(
        Object.entries(header).filter((entry) => known(entry) && typeof entry[1] === 'number'),
      ),
      afterimage: provenance,
    };
    output.utf8(`{"snapshot":${JSON.stringify(kept)}`);
  }

  function section(key: string, start: number): Section | null {
    if (header === null || layout === null) return null;
    const reader = readerOf(key, header, layout);
    if (reader === null) {
      // What an earlier redaction wrote at the end is written anew.
      if (key !== 'afterimage') leftOut.push(key);
      return null;
    }
    // What a string is used as decides about it when it comes, and V8 writes the strings last.
    if (seen.has('strings') && NAMED.has(key)) {
      throw malformed(start, `its section ${key} comes behind its strings, which no V8 does`);
    }
    seen.add(key);
    output.text(`,\n${JSON.stringify(key)}:[`);
    return reader;
  }

  function readerOf(key: string, header: SnapshotHeader, layout: Layout): Section | null {
    switch (key) {
      case 'nodes':
        return level === 'none' ? anythingPassedOn(output) : nodesOf(header, layout);
      case 'edges':
        return level === 'none' ? anythingPassedOn(output) : edgesOf(header, layout);
      case 'trace_function_infos':
        return level === 'none' ? numbersPassedOn(key, compiled, output) : functionsOf(header);
      case 'trace_tree':
      case 'samples':
      case 'locations':
        return numbersPassedOn(key, compiled, output);
      case 'strings':
        return level === 'none' ? stringsThrough() : stringsOf();
      default:
        return null;
    }
  }

  function nodesOf(header: SnapshotHeader, { nodes, nodeTypes }: Layout): Section {
    return rewrittenRows(
      {
        what: 'node',
        fields: nodes.fields,
        count: header.node_count,
        type: nodes.type,
        names: [nodes.name],
        treatments: nodeTypes.map(treatmentOfNode),
        summed: nodes.edgeCount,
        total: header.edge_count,
      },
      indexes,
      compiled,
      output,
    );
  }

  function edgesOf(header: SnapshotHeader, { edges, edgeTypes }: Layout): Section {
    return rewrittenRows(
      {
        what: 'edge',
        fields: edges.fields,
        count: header.edge_count,
        type: edges.type,
        names: [edges.name],
        treatments: edgeTypes.map((type) => treatmentOfEdge(type, forms)),
      },
      indexes,
      compiled,
      output,
    );
  }

  function functionsOf({ meta }: SnapshotHeader): Section {
    const described = meta['trace_function_info_fields'];
    const fields = Array.isArray(described) ? described : [];
    return rewrittenRows(
      {
        what: 'function',
        fields: Math.max(1, fields.length),
        count: null,
        type: -1,
        names: ['name', 'script_name'].map((name) => fields.indexOf(name)).filter((column) => column >= 0),
        treatments: [{ form: FORM.name, use: USE.code }],
      },
      indexes,
      compiled,
      output,
    );
  }

  function stringsOf(): Section {
    const rewriter = stringRewriter({
      forms,
      records,
      compiled,
      rules: nameRules(knownNames(compiled)),
      output,
    });
    strings = rewriter;
    return stringsSection(rewriter, () => {
      rewriter.close();
      output.text(']');
    });
  }

  function stringsThrough(): Section {
    const through = stringsPassedOn(output);
    strings = through;
    return stringsSection(through, () => output.text(']'));
  }

  /** Another number that is as unlikely for an element, the same for the same. */
  function element(index: number): number {
    const length = compiled.bytes.write(String(index), OUTPUT, 'latin1');
    const hash = compiled.hashText(OUTPUT, OUTPUT + length) >>> 0;
    return SMALL_ELEMENT + (hash % (LARGEST_ELEMENT - SMALL_ELEMENT));
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
    const read = document.end();
    if (header === null || provenance === null) throw notASnapshot(read.bytes, 'it has no header');
    for (const key of ['nodes', 'edges']) {
      if (!seen.has(key)) throw malformed(read.bytes, `it has no section ${key}`);
    }
    if (strings === null) throw malformed(read.bytes, 'it has no section strings');
    const named = records.used();
    if (named > strings.count) {
      throw malformed(read.bytes, `it names string ${named - 1}, and has ${strings.count} strings`);
    }
    const chunks = counted(output.takeAll());
    ended = true;
    output.utf8(writeEnding({ sha256: sha256.digest('hex'), leftOut }));
    chunks.push(...counted(output.takeAll()));
    const { node_count: nodes, edge_count: edges } = header;
    const { trailingBytes } = read;
    return {
      chunks,
      redacted: {
        nodes,
        edges,
        strings: strings.count,
        bytes,
        provenance,
        before: readProvenance(header),
        leftOut,
        trailingBytes,
      },
    };
  }

  return { push, reuse: (chunk) => output.reuse(chunk), end };
}

/**
 * What becomes of a name is decided by the type in its row, which must have been read by then.
 * @throws {SnapshotFormatError}
 */
function checkOrder({ nodes, edges }: Layout, start: number): void {
  if (nodes.type < nodes.name && edges.type < edges.name) return;
  throw notASnapshot(start, 'its header puts names before types, which no V8 does');
}

/** By the types that V8 has (HeapEntry::Type, src/profiler/heap-snapshot-generator.h). One that is new is a value. */
function treatmentOfNode(type: string): Treatment {
  switch (type) {
    case 'closure':
      return { form: FORM.name, use: USE.name | USE.function };
    case 'object':
    case 'symbol':
      return { form: FORM.name, use: USE.name };
    case 'code':
      return { form: FORM.name, use: USE.code };
    case 'hidden':
    case 'array':
    case 'native':
    case 'synthetic':
    case 'object shape':
      return { form: FORM.name, use: USE.system };
    case 'regexp':
      return { form: FORM.value, use: USE.regexp };
    case 'number':
    case 'bigint':
    case 'concatenated string':
    case 'sliced string':
      return { form: FORM.value, use: USE.number };
    default:
      return { form: FORM.value, use: USE.value };
  }
}

/** By HeapGraphEdge::Type, in the same file. */
function treatmentOfEdge(type: string, forms: number): Treatment {
  switch (type) {
    case 'element':
      return 'element';
    case 'hidden':
      return 'number';
    case 'internal':
    case 'weak':
      return { form: FORM.name, use: USE.system };
    case 'property':
      return { form: forms > FORM.property ? FORM.property : FORM.name, use: USE.property };
    default:
      return { form: FORM.name, use: USE.name };
  }
}
