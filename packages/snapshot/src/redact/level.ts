/**
 * What is taken out: nothing, the contents of strings and names that look like data, or also all names of
 * properties that are not Node's own.
 */
export type RedactionLevel = 'none' | 'strings' | 'names';

/** Each takes out all that the one before it does. */
export const REDACTION_LEVELS: readonly RedactionLevel[] = ['none', 'strings', 'names'];
