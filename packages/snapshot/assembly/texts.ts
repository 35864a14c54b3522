/**
 * Stores the texts of a block's strings, by slot and form, until the block can be written. They follow the
 * records: first where each text begins and ends, then the bytes.
 */
import {
  BEGINNINGS,
  BYTES_A_BEGINNING,
  ENDING,
  ENDING_BYTES,
  HASH_DIGITS,
  MIDDLE,
  MIDDLE_BYTES,
  OUTPUT,
  OUTPUT_BYTES,
} from './layout';
import { writeDigits } from './digits';

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const NEWLINE: u8 = 0x0a;
/** 60 bits: in one of 20,000 snapshots with ten million texts, two texts have the same hash. */
const HASH_DIGITS_OF_A_HALF = 6;
/** Two addresses. */
const PLACE_BYTES: usize = 8;

let places: usize = 0;
let forms: u32 = 0;
let firstSlot: u32 = 0;
/** End of the bytes of all texts. */
export let textsEnd: usize = 0;
/** Number of strings written to the output. */
let written: u32 = 0;

/** Returns how much memory a new block takes, in bytes. */
export function bytesOfPlaces(slots: u32, formsOfAString: u32): usize {
  return (slots as usize) * formsOfAString * PLACE_BYTES;
}

/**
 * Discards all texts, and begins the block of the slots from `from` to `to`, with its memory from `at` on.
 */
export function beginTexts(from: u32, to: u32, formsOfAString: u32, at: usize): void {
  firstSlot = from;
  forms = formsOfAString;
  places = at;
  textsEnd = at + bytesOfPlaces(to - from, forms);
  memory.fill(places, 0, textsEnd - places);
}

/** Sets the text of `slot` in `form`, as JSON from `from` to `to`. */
export function setText(form: u32, slot: u32, from: usize, to: usize): void {
  memory.copy(textsEnd, from, to - from);
  endText(form, slot, textsEnd + to - from);
}

/**
 * Sets the replacement for a hidden text: its kind, its length in UTF-16 units (as in JavaScript), and its
 * hash. As JSON in ASCII, like V8.
 */
export function setMasked(form: u32, slot: u32, kind: u32, units: u32, hash: u64): void {
  const beginning = BEGINNINGS + (kind as usize) * BYTES_A_BEGINNING;
  v128.store(textsEnd, v128.load(beginning));
  let to = textsEnd + load<u8>(beginning, BYTES_A_BEGINNING - 1);
  to = writeDigits(to, units);
  store<u64>(to, load<u64>(MIDDLE));
  to += MIDDLE_BYTES;
  to = writeHash(to, hash as u32);
  to = writeHash(to, (hash >> 32) as u32);
  store<u64>(to, load<u64>(ENDING));
  endText(form, slot, to + ENDING_BYTES);
}

function writeHash(to: usize, half: u32): usize {
  for (let digit = 0; digit < HASH_DIGITS_OF_A_HALF; digit++) {
    store<u8>(to++, load<u8>(HASH_DIGITS + (half & 31)));
    half >>= 5;
  }
  return to;
}

function placeOf(form: u32, slot: u32): usize {
  return places + (((slot - firstSlot) * forms + form) as usize) * PLACE_BYTES;
}

function endText(form: u32, slot: u32, end: usize): void {
  const place = placeOf(form, slot);
  store<u32>(place, textsEnd as u32);
  store<u32>(place, end as u32, 4);
  textsEnd = end;
}

/** Returns the slot after the last one, between `from` and `to`, that has a text; `from` if none has. */
export function lastText(from: u32, to: u32): u32 {
  for (; to > from; to--) {
    for (let form: u32 = 0; form < forms; form++) if (load<u32>(placeOf(form, to - 1)) !== 0) return to;
  }
  return from;
}

/**
 * Writes the texts of the slots from `slot` to `to`, each in all forms, as far as the output has space;
 * returns the next slot. A text that was not set is empty.
 */
export function writeTexts(slot: u32, to: u32): u32 {
  let at = OUTPUT;
  for (; slot < to; slot++) {
    const place = placeOf(0, slot);
    let length: usize = 0;
    for (let form: u32 = 0; form < forms; form++) length += textLength(place, form) + 4;
    if (at + length > OUTPUT + OUTPUT_BYTES) break;
    for (let form: u32 = 0; form < forms; form++) {
      // The first follows the opening bracket.
      if (written++ > 0) {
        store<u8>(at++, COMMA);
        store<u8>(at++, NEWLINE);
      }
      store<u8>(at++, QUOTE);
      at = copyText(at, load<u32>(place + (form as usize) * PLACE_BYTES), textLength(place, form));
      store<u8>(at++, QUOTE);
    }
  }
  textsOutputEnd = at;
  return slot;
}

/** End of the output of {@link writeTexts}. */
export let textsOutputEnd: usize = 0;

function textLength(place: usize, form: u32): usize {
  const at = place + (form as usize) * PLACE_BYTES;
  return load<u32>(at, 4) - load<u32>(at);
}

/** Copies a text. Most are short, so it copies a fixed length, more than necessary, at once. */
function copyText(to: usize, from: usize, length: usize): usize {
  if (length > 64) memory.copy(to, from, length);
  else {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  }
  return to + length;
}
