/**
 * What is removed: nothing; the contents of strings and names that look like data; or also all property names
 * that are not Node's own.
 */
export type RedactionLevel = 'none' | 'strings' | 'names';

/** Each level removes everything that the one before removes. */
export const REDACTION_LEVELS: readonly RedactionLevel[] = ['none', 'strings', 'names'];
