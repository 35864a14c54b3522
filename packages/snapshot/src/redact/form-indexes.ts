/** Arranges the forms of each string among the output's strings. */
import type { CompiledRedaction } from './compiled.js';
import type { RedactionLevel } from './level.js';
import { stringRecords, type StringRecords } from './string-records.js';

/** How the forms of a string are arranged among the output's strings. */
export interface FormIndexes {
  /** Number of forms per string: two, or three if properties have their own. */
  forms: number;
  records: StringRecords;
  /** Returns the element index to write instead. */
  element: (index: number) => number;
}

const MAX_ELEMENT = 2 ** 32 - 2;

export function formIndexes(level: RedactionLevel, compiled: CompiledRedaction): FormIndexes {
  return {
    forms: level === 'names' ? 3 : 2,
    records: stringRecords(compiled),
    element: elements(compiled),
  };
}

/**
 * Replaces an index by another that is equally unusual for an element; equal indexes get the same
 * replacement.
 */
function elements(compiled: CompiledRedaction): (index: number) => number {
  const { OUTPUT, SMALL_ELEMENT } = compiled.layout;
  return (index) => {
    // The compiled part's memory moves when it grows.
    const length = compiled.bytes.write(String(index), OUTPUT, 'latin1');
    const hash = compiled.hashText(OUTPUT, OUTPUT + length) >>> 0;
    return SMALL_ELEMENT + (hash % (MAX_ELEMENT - SMALL_ELEMENT));
  };
}
