/** Layout of the memory that is shared with JavaScript, in bytes. */

/** Bytes of a snapshot that are processed at a time. */
export const WINDOW: usize = 1 << 18;
/** This many bytes after the last may be read and written. */
const BEHIND: usize = 128;
/** Length of the longest supported row; V8 writes none that is longer. */
export const MAX_ROW_BYTES: usize = 64;

/** Maximum number of row types. */
export const TYPES: usize = 100;
/** How the name in a row is treated, by the row's type: a form, or one of the values below; one byte each. */
export const FORMS: usize = 1024;
/** How the name is used, by the row's type; one byte each. */
export const USES: usize = FORMS + TYPES;
/** For a name that is not a string index. */
export const NUMBER: u8 = 253;
/** For an element index, which counts as a number if it is small. */
export const ELEMENT: u8 = 254;
/** For a type that does not exist. */
export const UNKNOWN: u8 = 255;

/** The 32 digits of hashes. */
export const HASH_DIGITS: usize = 1280;
/** Beginning of the replacement for each kind of text: 15 bytes, and how many of them are used. */
export const BEGINNINGS: usize = HASH_DIGITS + 32;
export const BYTES_A_BEGINNING: usize = 16;
/** What comes between the length and the hash, and after the hash. */
export const MIDDLE: usize = BEGINNINGS + 4 * BYTES_A_BEGINNING;
export const MIDDLE_BYTES: usize = 8;
export const ENDING: usize = MIDDLE + MIDDLE_BYTES;
export const ENDING_BYTES: usize = 6;

/** A longer text is data, whatever it contains. In bytes of JSON. */
export const MAX_NAME_LENGTH: usize = 2048;
/** Holds a string that continues in the next window. */
export const HELD: usize = 2048;
/** An incomplete row at the end of a window is moved before the input. */
export const INPUT: usize = HELD + MAX_NAME_LENGTH + BEHIND + MAX_ROW_BYTES;
/**
 * In the worst case, a one-digit index moves to the end of the first block, where indexes have five digits.
 */
export const OUTPUT: usize = INPUT + WINDOW + BEHIND;
export const OUTPUT_BYTES: usize = 4 * WINDOW;

/**
 * The names that are always shown, one per line, and a table of where each begins: four bytes, 0 for none.
 */
export const NAMES: usize = OUTPUT + OUTPUT_BYTES + BEHIND;
export const NAMES_BYTES: usize = 1 << 18;
export const NAME_TABLE: usize = NAMES + NAMES_BYTES + BEHIND;
export const NAME_TABLE_SLOTS: u32 = 1 << 15;

/** Record of each string: its slot plus 1 (0 while it has none), four bytes, and its uses, one byte. */
export const STRINGS: usize = NAME_TABLE + (NAME_TABLE_SLOTS as usize) * 4;
export const BYTES_A_STRING: usize = 5;
export const USE_IN_STRING: usize = 4;
