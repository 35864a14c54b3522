/** What lies where in the memory that is shared with JavaScript, in bytes. */

/** Bytes of a snapshot that are worked on at a time. */
export const WINDOW: usize = 1 << 18;
/** So many are read and written behind the last. */
const BEHIND: usize = 128;
/** Bytes of a row; longer ones, of which V8 writes none, are not known here. */
export const MAX_ROW_BYTES: usize = 64;

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

/** The digits that hashes are written in, 32 of them. */
export const HASH_DIGITS: usize = 1280;
/** What a text that was taken out begins with, by its kind: 15 bytes, and how many of them are used. */
export const BEGINNINGS: usize = HASH_DIGITS + 32;
export const BYTES_A_BEGINNING: usize = 16;
/** What stands between its length and its hash, and what is behind that. */
export const MIDDLE: usize = BEGINNINGS + 4 * BYTES_A_BEGINNING;
export const MIDDLE_BYTES: usize = 8;
export const ENDING: usize = MIDDLE + MIDDLE_BYTES;
export const ENDING_BYTES: usize = 6;

/** A longer one is data, whatever it is made of. In bytes of JSON. */
export const MAX_NAME_LENGTH: usize = 2048;
/** A string that the last window ended in. */
export const HELD: usize = 2048;
/** A row that the last window ended in lies before the input. */
export const INPUT: usize = HELD + MAX_NAME_LENGTH + BEHIND + MAX_ROW_BYTES;
/** At worst an index of one digit comes to lie at the end of the first block, where indexes have five. */
export const OUTPUT: usize = INPUT + WINDOW + BEHIND;
export const OUTPUT_BYTES: usize = 4 * WINDOW;

/** The names that may always be read, a line each, and a table of where each begins: four bytes, 0 for none. */
export const NAMES: usize = OUTPUT + OUTPUT_BYTES + BEHIND;
export const NAMES_BYTES: usize = 1 << 18;
export const NAME_TABLE: usize = NAMES + NAMES_BYTES + BEHIND;
export const NAME_TABLE_SLOTS: u32 = 1 << 15;

/** What is known of each string: its slot and one more (0 while it has none), four bytes, and its uses, one byte. */
export const STRINGS: usize = NAME_TABLE + (NAME_TABLE_SLOTS as usize) * 4;
export const BYTES_A_STRING: usize = 5;
export const USE_IN_STRING: usize = 4;
