/**
 * The texts of the strings in a block, by slot and form, kept until the block can be written. They lie behind what is
 * noted of strings: first where each begins and ends, then the bytes.
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
/** 60 bits: of ten million texts two are taken for equal once in 20,000 snapshots. */
const HASH_DIGITS_OF_A_HALF = 6;
/** Two addresses. */
const PLACE_BYTES: usize = 8;

let places: usize = 0;
let forms: u32 = 0;
let firstSlot: u32 = 0;
/** Behind the bytes of all texts. */
export let textsEnd: usize = 0;
/** Strings written to the output. */
let written: u32 = 0;

/** How much memory is taken from `at` on to begin a block. */
export function bytesOfPlaces(slots: u32, formsOfAString: u32): usize {
  return (slots as usize) * formsOfAString * PLACE_BYTES;
}

/** Forgets all texts; those of the slots from `from` up to `to` are to come, and lie from `at` on. */
export function beginTexts(from: u32, to: u32, formsOfAString: u32, at: usize): void {
  firstSlot = from;
  forms = formsOfAString;
  places = at;
  textsEnd = at + bytesOfPlaces(to - from, forms);
  memory.fill(places, 0, textsEnd - places);
}

/** The text of `slot` in `form` is, as JSON, from `from` up to `to`. */
export function setText(form: u32, slot: u32, from: usize, to: usize): void {
  memory.copy(textsEnd, from, to - from);
  endText(form, slot, textsEnd + to - from);
}

/**
 * Its text is what stands in the place of one that must not be read: its kind, its length in UTF-16 units, which is
 * what JavaScript counts, and its hash. As JSON in ASCII, which is what V8 writes.
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

/** Behind the last slot, of those from `from` up to `to`, that has a text; `from` where none has. */
export function lastText(from: u32, to: u32): u32 {
  for (; to > from; to--) {
    for (let form: u32 = 0; form < forms; form++) if (load<u32>(placeOf(form, to - 1)) !== 0) return to;
  }
  return from;
}

/**
 * Writes the texts of the slots from `slot` up to `to`, each in all forms, as far as the output has room; returns
 * the slot that comes next. Where no text was set it is empty.
 */
export function writeTexts(slot: u32, to: u32): u32 {
  let at = OUTPUT;
  for (; slot < to; slot++) {
    const place = placeOf(0, slot);
    let length: usize = 0;
    for (let form: u32 = 0; form < forms; form++) length += textLength(place, form) + 4;
    if (at + length > OUTPUT + OUTPUT_BYTES) break;
    for (let form: u32 = 0; form < forms; form++) {
      // The first is behind the bracket.
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

/** Where the output of {@link writeTexts} ends. */
export let textsOutputEnd: usize = 0;

function textLength(place: usize, form: u32): usize {
  const at = place + (form as usize) * PLACE_BYTES;
  return load<u32>(at, 4) - load<u32>(at);
}

/** Nearly all are short: then more is copied than there is, in one go. */
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
