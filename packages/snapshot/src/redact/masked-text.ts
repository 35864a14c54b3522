/** What stands in the place of a text that must not be read: its kind, its length and a keyed hash. */
import type { FormTexts } from './form-texts.js';
import type { KeyedHash } from './keyed-hash.js';

export type MaskedKind = 'string' | 'regexp' | 'number' | 'name';

/** Without the letters that are taken for digits. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
/** 60 bits: of ten million texts two are taken for equal once in 20,000 snapshots. */
const HASH_DIGITS = 12;
const DIGITS_OF_A_WORD = HASH_DIGITS / 2;
const digitBytes = Buffer.from(DIGITS, 'latin1');

const beginnings = Object.fromEntries(
  (['string', 'regexp', 'number', 'name'] as const).map((kind) => [
    kind,
    Buffer.from(`\\u2039${kind} `, 'latin1'),
  ]),
) as Record<MaskedKind, Buffer>;
const middle = Buffer.from(' chars #', 'latin1');
const end = Buffer.from('\\u203a', 'latin1');

/** As JSON in ASCII, which is what V8 writes. `units` is the length in UTF-16 units, which is what JavaScript counts. */
export function setMasked(
  texts: FormTexts,
  slot: number,
  kind: MaskedKind,
  units: number,
  hash: KeyedHash,
): void {
  const beginning = beginnings[kind];
  const length = String(units);
  let at = texts.room(slot, beginning.length + length.length + middle.length + HASH_DIGITS + end.length);
  const { bytes } = texts;
  for (let from = 0; from < beginning.length; from++) bytes[at++] = beginning[from];
  for (let from = 0; from < length.length; from++) bytes[at++] = length.charCodeAt(from);
  for (let from = 0; from < middle.length; from++) bytes[at++] = middle[from];
  for (let digit = 0; digit < HASH_DIGITS; digit++) bytes[at++] = digitBytes[digitAt(hash, digit)];
  for (let from = 0; from < end.length; from++) bytes[at++] = end[from];
}

function digitAt({ low, high }: KeyedHash, at: number): number {
  return at < DIGITS_OF_A_WORD ? (low >>> (at * 5)) & 31 : (high >>> ((at - DIGITS_OF_A_WORD) * 5)) & 31;
}
