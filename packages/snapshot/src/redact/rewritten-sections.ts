/** Assigns a reader to each section of a snapshot, which rewrites it or passes it on unchanged. */
import type { Layout, SnapshotHeader } from '../format/header.js';
import type { Section } from '../format/section.js';
import { stringsSection } from '../format/strings-section.js';
import type { CompiledRedaction } from './compiled.js';
import { formIndexes, type FormIndexes } from './form-indexes.js';
import { knownNames } from './known-names.js';
import type { RedactionLevel } from './level.js';
import { nameRules } from './name-rules.js';
import type { Output } from './output.js';
import { anythingPassedOn, numbersPassedOn, stringsPassedOn } from './passed-on.js';
import { readProvenance } from './provenance.js';
import { rewrittenRows } from './rewritten-rows.js';
import { stringRewriter } from './rewritten-strings.js';
import type { StringRecords } from './string-records.js';
import { FORM, USE } from './string-uses.js';
import { treatmentOfEdge, treatmentOfNode } from './treatments.js';

export interface RewrittenSections {
  /** Returns the reader; null for a section that no V8 version writes. */
  readerOf(key: string, header: SnapshotHeader, layout: Layout): Section | null;
  /** Returns the strings; null until their section has begun. */
  strings(): { readonly count: number } | null;
  records: StringRecords;
}

export function rewrittenSections(
  level: RedactionLevel,
  compiled: CompiledRedaction,
  output: Output,
): RewrittenSections {
  const indexes = formIndexes(level, compiled);
  const { forms, records } = indexes;
  let strings: { readonly count: number } | null = null;

  function stringsOf(header: SnapshotHeader): Section {
    const rules = nameRules(knownNames(compiled));
    const wasRedacted = (readProvenance(header)?.redaction ?? 'none') !== 'none';
    const rewriter = stringRewriter({ forms, records, compiled, rules, output, wasRedacted });
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

  function readerOf(key: string, header: SnapshotHeader, layout: Layout): Section | null {
    switch (key) {
      case 'nodes':
        return level === 'none' ? anythingPassedOn(output) : nodes(header, layout, indexes, compiled, output);
      case 'edges':
        return level === 'none' ? anythingPassedOn(output) : edges(header, layout, indexes, compiled, output);
      case 'trace_function_infos':
        return level === 'none'
          ? numbersPassedOn(key, compiled, output)
          : functions(header, indexes, compiled, output);
      case 'trace_tree':
      case 'samples':
      case 'locations':
        return numbersPassedOn(key, compiled, output);
      case 'strings':
        return level === 'none' ? stringsThrough() : stringsOf(header);
      default:
        return null;
    }
  }

  return { readerOf, strings: () => strings, records };
}

function nodes(
  header: SnapshotHeader,
  { nodes: { fields, type, name, edgeCount }, nodeTypes }: Layout,
  indexes: FormIndexes,
  compiled: CompiledRedaction,
  output: Output,
): Section {
  const rows = {
    what: 'node',
    fields,
    count: header.node_count,
    type,
    names: [name],
    treatments: nodeTypes.map(treatmentOfNode),
    summed: edgeCount,
    total: header.edge_count,
  };
  return rewrittenRows(rows, indexes, compiled, output);
}

function edges(
  header: SnapshotHeader,
  { edges: { fields, type, name }, edgeTypes }: Layout,
  indexes: FormIndexes,
  compiled: CompiledRedaction,
  output: Output,
): Section {
  const rows = {
    what: 'edge',
    fields,
    count: header.edge_count,
    type,
    names: [name],
    treatments: edgeTypes.map((edgeType) => treatmentOfEdge(edgeType, indexes.forms)),
  };
  return rewrittenRows(rows, indexes, compiled, output);
}

function functions(
  { meta }: SnapshotHeader,
  indexes: FormIndexes,
  compiled: CompiledRedaction,
  output: Output,
): Section {
  const described = meta['trace_function_info_fields'];
  const fields = Array.isArray(described) ? described : [];
  const rows = {
    what: 'function',
    fields: Math.max(1, fields.length),
    count: null,
    type: -1,
    names: ['name', 'script_name'].map((name) => fields.indexOf(name)).filter((column) => column >= 0),
    treatments: [{ form: FORM.name, use: USE.code }],
  };
  return rewrittenRows(rows, indexes, compiled, output);
}
