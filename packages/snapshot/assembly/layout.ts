/** What lies where in the memory that is shared with JavaScript. */

/** Types of rows that there can be. */
export const TYPES: usize = 100;
/** What becomes of the name in a row, by the row's type: a form, or one of those below; one byte each. */
export const FORMS: usize = 1024;
/** What the name is used as, likewise. */
export const USES: usize = FORMS + TYPES;
/** For a name that is no index of a string. */
export const NUMBER: u8 = 253;
/** For the index of an element, which is a number if it is small. */
export const ELEMENT: u8 = 254;
/** For a type that there is not. */
export const UNKNOWN: u8 = 255;

/** Bytes of a snapshot that are worked on at a time. */
export const WINDOW: usize = 1 << 16;
/** What is read and written behind the last byte. */
const BEHIND: usize = 128;
export const INPUT: usize = 2048;
/** At worst an index of one digit comes to lie at the end of the first block, where indexes have five. */
export const OUTPUT: usize = INPUT + WINDOW + BEHIND;

/** What is known of each string: its slot and one more (0 while it has none), four bytes, and its uses, one byte. */
export const STRINGS: usize = OUTPUT + 4 * WINDOW + BEHIND;
export const BYTES_A_STRING: usize = 5;
export const USE_IN_STRING: usize = 4;
