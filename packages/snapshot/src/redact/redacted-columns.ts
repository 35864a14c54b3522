/**
 * Redacts a graph that is in memory: the same as {@link redactor} does with the bytes of a snapshot. String indexes in
 * its columns are replaced by those of the form in which each string is used.
 */
import { contradictory } from '../format/format-error.js';
import { stringsSection } from '../format/strings-section.js';
import { buildStringTable, type StringTable } from '../graph/string-table.js';
import { formIndexes, type FormIndexes } from './form-indexes.js';
import { keyedRedaction } from './keyed-redaction.js';
import { knownNames } from './known-names.js';
import type { RedactionLevel } from './level.js';
import { nameRules } from './name-rules.js';
import { openOutput } from './output.js';
import type { Treatment } from './rewritten-rows.js';
import { stringRewriter } from './rewritten-strings.js';
import { MAX_STRING_INDEX } from './string-records.js';
import { treatmentOfEdge, treatmentOfNode } from './treatments.js';

export interface NamedColumns {
  nodeTypes: readonly string[];
  edgeTypes: readonly string[];
  nodeType: Uint8Array;
  nodeName: Uint32Array;
  edgeType: Uint8Array;
  edgeName: Uint32Array;
  /** What is between the brackets of a snapshot's strings, in chunks. */
  strings: Iterable<Uint8Array>;
}

const CLOSING = Uint8Array.of(0x5d);

/**
 * Replaces names in the columns, which must be in range, and returns the strings that they then name.
 * @param used the greatest index in the columns, plus 1
 * @throws {SnapshotFormatError} if `strings` are not as a snapshot has them, or fewer than that
 */
export function redactedColumns(columns: NamedColumns, level: RedactionLevel, used: number): StringTable {
  const enough = (count: number): void => {
    if (used > count) throw contradictory(`it names string ${used - 1}, and has ${count} strings`);
  };
  if (level === 'none') {
    const strings = stringTableOf(columns.strings);
    enough(strings.count);
    return strings;
  }
  if (used > MAX_STRING_INDEX) throw contradictory(`it has more than ${MAX_STRING_INDEX} strings`);
  const compiled = keyedRedaction();
  const indexes = formIndexes(level, compiled);
  const { forms, records } = indexes;
  const smallElement = compiled.layout.SMALL_ELEMENT;
  const { nodeType, nodeTypes, nodeName, edgeType, edgeTypes, edgeName } = columns;
  rename(nodeType, nodeName, nodeTypes.map(treatmentOfNode), indexes, smallElement);
  const treatments = edgeTypes.map((type) => treatmentOfEdge(type, forms));
  rename(edgeType, edgeName, treatments, indexes, smallElement);
  const output = openOutput();
  const rules = nameRules(knownNames(compiled));
  const rewriter = stringRewriter({ forms, records, compiled, rules, output, wasRedacted: false });
  const input = stringsSection(rewriter, () => rewriter.close());
  function* rewritten(): Generator<Uint8Array> {
    for (const chunk of ended(columns.strings)) {
      for (let at = 0; at < chunk.length; at += compiled.layout.WINDOW)
        input.push(chunk.subarray(at, at + compiled.layout.WINDOW), 0, 0);
      for (const part of output.take()) {
        yield part;
        output.reuse(part);
      }
    }
    yield* output.takeAll();
  }
  const strings = stringTableOf(rewritten());
  enough(rewriter.count);
  return strings;
}

/** The strings as they are. */
function stringTableOf(strings: Iterable<Uint8Array>): StringTable {
  const builder = buildStringTable();
  const section = stringsSection(builder, () => undefined);
  for (const chunk of ended(strings)) section.push(chunk, 0, 0);
  if (!section.closed) throw contradictory('its strings do not end');
  return builder.build();
}

function* ended(strings: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield* strings;
  yield CLOSING;
}

/** As `nameFor` in rewritten-rows.ts does. */
function rename(
  types: Uint8Array,
  names: Uint32Array,
  treatments: readonly Treatment[],
  { forms, records, element }: FormIndexes,
  smallElement: number,
): void {
  for (let row = 0; row < names.length; row++) {
    const treatment = treatments[types[row]];
    if (treatment === 'number') continue;
    const value = names[row];
    if (treatment === 'element') {
      if (value >= smallElement) names[row] = element(value);
      continue;
    }
    records.use(value, treatment.use);
    names[row] = (treatment.form === 0 ? value : records.slotOf(value)) * forms + treatment.form;
  }
}
