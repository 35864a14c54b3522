/** What is known of each instance type: a table that TypeScript fills in for the V8 of the image (src/layouts). */

export const MAX_TYPES: u32 = 4096;
const TYPE_BYTES: u32 = 40;
/** How the size of an object is told whose map does not say it: see sizes.ts. */
export const SIZE_RULE: usize = 0;
/** Bytes of each of its elements. */
export const SIZE_UNIT: usize = 1;
/** Where their number is, in bytes from the object's beginning. */
export const SIZE_LENGTH_AT: usize = 2;
/** Bytes before the first. */
export const SIZE_HEADER: usize = 4;

/** The words of it that may point to objects: from here, in bytes, up to there; TO_END is all the rest. */
export const VISIT_FROM: usize = 8;
export const VISIT_TO: usize = 10;
export const TO_END: u32 = 0xffff;
/** What else of it points to objects: see mark.ts. */
export const VISIT: usize = 12;
/** What its edges are, besides those of its fields: see heap-edges.ts. */
export const EDGES: usize = 13;
/** How its node is named: see nodes.ts. */
export const NAMING: usize = 14;
/** The type of its node, by its place among NODE_TYPES. */
export const NODE_TYPE: usize = 15;
/** A bit for each of its first 32 words: what it points to is not kept alive. */
export const WEAK_WORDS: usize = 16;
/** The name of its node, among the strings. */
export const NAME: usize = 20;
/** Fields with names: where the list of them is, and how many. */
export const FIELDS: usize = 24;
export const FIELD_COUNT: usize = 28;
/** A word that V8's generator visits twice, in bytes; 0 where there is none. */
export const TWICE: usize = 32;

/** A field with a name: where, what kind of edge, and how it tags what it points to. */
export const FIELD_BYTES: u32 = 16;
export const FIELD_OFFSET: usize = 0;
export const FIELD_EDGE: usize = 2;
export const FIELD_TAG_TYPE: usize = 3;
export const FIELD_NAME: usize = 4;
export const FIELD_TAG: usize = 8;
export const NO_EDGE: u32 = 255;

const typeTable = memory.data(MAX_TYPES * TYPE_BYTES, 8);

export function typeRow(type: u32): usize {
  return typeTable + type * TYPE_BYTES;
}
