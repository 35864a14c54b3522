/**
 * Writes each string of a snapshot in the forms in which it is used. This part decides what the uses alone
 * determine, and recognizes small numbers and known names; for other names, JavaScript has the rules.
 */
import { shownEphemeron } from './ephemerons';
import { beginHash, endHash, hash, updateHash } from './keyed-hash';
import { HELD, MAX_NAME_LENGTH, OUTPUT } from './layout';
import { isKnownName } from './names';
import { slotOf, usesOf } from './records';
import { setMasked, setText } from './texts';

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const LETTER_U: i32 = 0x75;
const COMMA: u8 = 0x2c;
const NEWLINE: u8 = 0x0a;
const MINUS: u8 = 0x2d;
const ZERO: u8 = 0x30;
/** A number of at most this many digits is always shown. */
const SMALL: usize = 7;

/** Order of the forms in the output; with three, properties have their own. */
export const NAME_FORM: u32 = 0;
export const VALUE_FORM: u32 = 1;
export const PROPERTY_FORM: u32 = 2;

/** Uses of a string, see string-uses.ts. */
const CODE_USE = 2;
const SYSTEM_USE = 4;
const PROPERTY_USE = 8;
const VALUE_USE = 16;
const NUMBER_USE = 32;
const REGEXP_USE = 64;
const VALUE_USES = VALUE_USE | NUMBER_USE | REGEXP_USE;
/** The content of strings with these uses is never examined, and most strings have them. */
const CONTENT_USES = VALUE_USE | REGEXP_USE;
/** A value with one of these uses may be one of V8's words, or the path of a script. */
const SHOWN_USES = NUMBER_USE | CODE_USE;

export const STRING_KIND: u32 = 0;
export const REGEXP_KIND: u32 = 1;
export const NUMBER_KIND: u32 = 2;
export const NAME_KIND: u32 = 3;

/** How much of a text is shown: nothing, all of it, or else the length of a replacement at {@link OUTPUT}. */
export const NOTHING: i32 = -1;
export const ALL: i32 = -2;

/**
 * JavaScript's part: decides how much is shown of the text at `at`, which is at most {@link MAX_NAME_LENGTH}
 * long, as a name with these uses, or as a value.
 */
declare function shownName(uses: u32, at: usize, length: usize, units: u32): i32;
declare function shownValue(uses: u32, at: usize, length: usize, units: u32): i32;
/** Tells whether the text is the replacement for one that an earlier redaction removed. */
declare function isMask(at: usize, length: usize): bool;

/** Whether the snapshot was redacted before. */
let wasRedacted = false;

/**
 * To be called before the first string of a snapshot that was redacted before: what its redaction left of texts stays. The same
 * text may have several indexes there, so that its uses do not show that a value is also the path of a script.
 */
export function expectMasks(): void {
  wasRedacted = true;
}

/** State of the current string: */
let index: u32 = 0;
let uses: u32 = 0;
let length: usize = 0;
/** Length in UTF-16 units, like a JavaScript string's. */
let units: u32 = 0;
let begun = false;
let escaped = false;
/** Number of hexadecimal digits that an escape still lacks. */
let hexDigits: i32 = 0;

/**
 * Processes the string that begins or continues at `from`, and those that follow with only a comma and a
 * newline in between; returns the position of the last string's closing quote, or `end`.
 * @param blockEnd the first index of the next block: stops before it
 * @param noted number of strings that have records
 */
export function takeStrings(from: usize, end: usize, forms: u32, blockEnd: u32, noted: u32): usize {
  while (from < end) {
    if (!begun) begin(noted);
    const quote = endOfString(from, end);
    const isWhole = quote < end && length === 0;
    if (!isWhole) hold(from, quote);
    if (uses !== 0) updateHash(from, quote);
    length += quote - from;
    if (quote === end) return end;
    if (uses !== 0) setForms(isWhole ? from : HELD, forms);
    begun = false;
    index++;

    from = quote + 1;
    if (load<u8>(from++) !== COMMA) return quote;
    if (load<u8>(from) === NEWLINE) from++;
    if ((load<u8>(from++) as i32) !== QUOTE || from >= end || index === blockEnd) return quote;
  }
  return end;
}

/** Returns the number of strings processed. */
export function stringsTaken(): u32 {
  return index;
}

function begin(noted: u32): void {
  begun = true;
  uses = index < noted ? usesOf(index) : 0;
  length = 0;
  units = 0;
  escaped = false;
  hexDigits = 0;
  beginHash();
}

/** Keeps the part of a string that is in this window; a string too long for a name is not kept. */
function hold(from: usize, to: usize): void {
  if (length + to - from <= MAX_NAME_LENGTH) memory.copy(HELD + length, from, to - from);
}

/** Finds the closing quote; counts units. */
function endOfString(at: usize, end: usize): usize {
  while (at < end) {
    if (!escaped && hexDigits === 0) {
      const plain = plainBytes(at);
      if (at + plain >= end) {
        units += (end - at) as u32;
        return end;
      }
      at += plain;
      units += plain as u32;
      if (plain === 16) continue;
    }
    const byte = load<u8>(at) as i32;
    if (hexDigits > 0) hexDigits--;
    else if (escaped) {
      escaped = false;
      if (byte === LETTER_U) hexDigits = 4;
    } else if (byte === QUOTE) return at;
    else {
      if (byte === BACKSLASH) escaped = true;
      // Skip bytes that continue a UTF-8 character; a character of four bytes has two units.
      if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
    }
    at++;
  }
  return end;
}

/** Returns how many of the next 16 bytes are ASCII before the first quote or backslash. */
function plainBytes(at: usize): usize {
  const bytes = v128.load(at);
  const special = v128.or(
    i8x16.eq(bytes, i8x16.splat(QUOTE as i8)),
    i8x16.eq(bytes, i8x16.splat(BACKSLASH as i8)),
  );
  return ctz((i8x16.bitmask(v128.or(special, bytes)) as u32) | (1 << 16)) as usize;
}

/** Sets the texts of the current string. Its bytes begin at `at`; they are complete if they fit. */
function setForms(at: usize, forms: u32): void {
  endHash();
  const hashOfAll = hash;
  const slot = slotOf(index);
  const isContent = (uses & ~CONTENT_USES) === 0;
  const isNumber = !isContent && isSmallNumber(at);
  const isLong = length > MAX_NAME_LENGTH;
  const isMasked = wasRedacted && !isLong && isMask(at, length);
  if ((uses & VALUE_USES) !== 0) {
    const mayBeShown = ((uses & SHOWN_USES) !== 0 || wasRedacted) && !isNumber && !isLong;
    let shown = isMasked ? ALL : NOTHING;
    if (mayBeShown && !isMasked) shown = shownValue(uses, at, length, units);
    setShown(VALUE_FORM, slot, shown, at, kindOf(uses), hashOfAll);
  }
  if (isContent) return;
  const propertyUse = forms > PROPERTY_FORM ? PROPERTY_USE : 0;
  const nameUses = uses & ~(VALUE_USES | propertyUse);
  const isKnown = isMasked || isNumber || (!isLong && isKnownName(at, at + length));
  if (nameUses !== 0) {
    let shown = ALL;
    if (isLong) shown = NOTHING;
    else if (!isKnown) {
      shown = (nameUses & SYSTEM_USE) !== 0 ? shownEphemeron(at, at + length) : NOTHING;
      if (shown === NOTHING) shown = shownName(nameUses, at, length, units);
    }
    setShown(NAME_FORM, index, shown, at, NAME_KIND, hashOfAll);
  }
  if ((uses & propertyUse) !== 0) {
    setShown(PROPERTY_FORM, slot, isKnown ? ALL : NOTHING, at, NAME_KIND, hashOfAll);
  }
}

function setShown(form: u32, slot: u32, shown: i32, at: usize, kind: u32, hashOfAll: u64): void {
  if (shown === NOTHING) setMasked(form, slot, kind, units, hashOfAll);
  else if (shown === ALL) setText(form, slot, at, at + length);
  else setText(form, slot, OUTPUT, OUTPUT + shown);
}

/** Returns the kind of a value with these uses. */
function kindOf(uses: u32): u32 {
  if ((uses & VALUE_USE) !== 0) return STRING_KIND;
  return (uses & REGEXP_USE) !== 0 ? REGEXP_KIND : NUMBER_KIND;
}

function isSmallNumber(at: usize): bool {
  const end = at + length;
  if (length > 0 && load<u8>(at) === MINUS) at++;
  if (at === end || end - at > SMALL) return false;
  for (; at < end; at++) if (load<u8>(at) - ZERO > 9) return false;
  return true;
}
