/**
 * How a string of a snapshot can be used, and the forms for that. The compiled part uses the same numbers.
 */

/** One byte a string, with a bit for each use. */
export const USE = {
  /** By a name that a program may make from data: an object's class, a function, a variable. */
  name: 1,
  /** By V8's code objects: functions, scripts, builtins. */
  code: 2,
  /** By a name that V8 or Node assigns. */
  system: 4,
  /** By a property. */
  property: 8,
  /** As the content of a string, or of anything else in which a program can put text. */
  value: 16,
  /** As the name of a number, or of a concatenated string: V8's word, or digits. */
  number: 32,
  /** As the source of a regular expression. */
  regexp: 64,
  /**
   * By a function, in addition to `name`: V8HeapExplorer::AddEntry (src/profiler/heap-snapshot-generator.cc)
   * uses the name of its SharedFunctionInfo, which comes from the source, not the property `name`.
   */
  function: 128,
} as const;

/** Order of the forms in the output; with three, properties have their own. */
export const FORM = { name: 0, value: 1, property: 2 } as const;
