/**
 * Replacement for a removed text: its kind, its length and a keyed hash. The compiled part assembles it;
 * these are the words.
 */
import type { CompiledRedaction } from './compiled.js';

/** Without letters that look like digits. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** Beginning of the replacement for a removed name. */
export const MASKED_NAME_BEGINNING = '‹name ';
/** A replaced name: its length, and its hash, which is valid within one file. */
export const MASKED_NAME = /‹name (?<units>\d+) chars #[0-9a-z]{12}›/;

/** A whole text that is such a replacement. */
export const MASK = /^‹(?:string|regexp|number|name) \d+ chars #[0-9a-z]{12}›$/;

/** Call it once, before any text is replaced. */
export function setWordsOfMasks({ bytes, layout }: CompiledRedaction): void {
  const { STRING_KIND, REGEXP_KIND, NUMBER_KIND, NAME_KIND } = layout;
  const { HASH_DIGITS, BEGINNINGS, BYTES_A_BEGINNING, MIDDLE, ENDING } = layout;
  for (const [kind, word] of [
    [STRING_KIND, 'string'],
    [REGEXP_KIND, 'regexp'],
    [NUMBER_KIND, 'number'],
    [NAME_KIND, 'name'],
  ] as const) {
    const beginning = Buffer.from(`\\u2039${word} `, 'latin1');
    bytes.set(beginning, BEGINNINGS + kind * BYTES_A_BEGINNING);
    bytes[BEGINNINGS + (kind + 1) * BYTES_A_BEGINNING - 1] = beginning.length;
  }
  bytes.set(Buffer.from(' chars #', 'latin1'), MIDDLE);
  bytes.set(Buffer.from('\\u203a', 'latin1'), ENDING);
  bytes.set(Buffer.from(DIGITS, 'latin1'), HASH_DIGITS);
}
