/** What a string of a snapshot is used as, and the forms it has for that. The compiled part knows the same numbers. */

/** One byte a string, a bit for each way. */
export const USE = {
  /** By a name that a program may make out of data: an object's class, a function, a variable. */
  name: 1,
  /** By V8's code objects: functions, scripts, builtins. */
  code: 2,
  /** By a name that V8 or Node gives. */
  system: 4,
  /** By a property. */
  property: 8,
  /** As the content of a string, and of whatever else a program can put text in. */
  value: 16,
  /** As the name of a number, or of a string made of others: V8's word, or digits. */
  number: 32,
  /** As the source of a regular expression. */
  regexp: 64,
  /**
   * By a function, beside `name`: V8HeapExplorer::AddEntry (src/profiler/heap-snapshot-generator.cc) takes the name of
   * its SharedFunctionInfo, which the parser found in the source, and not its property `name`.
   */
  function: 128,
} as const;

/** How the forms follow each other in the output; a property has one of its own where there are three. */
export const FORM = { name: 0, value: 1, property: 2 } as const;
