/** What fields hold, in numbers of 64 bits: equal for what the program takes for equal. 0 is nothing that tells objects apart. */
import { bigIntType, heapNumberType, symbolType } from '../layout';
import { mapOf, typeOf } from '../maps';
import { nodeOf, NO_NODE } from '../nodes';
import { endOf, flagsOf, pageOf, placeOf, READ_ONLY } from '../pages';
import { addString, CHARACTERS, isPlain, LENGTH, ONE_BYTE, REPRESENTATION, STRING_TYPES } from '../strings';
import { beginText, draft, drafted } from '../texts';
import { mix, printOf } from './prints';

const NUMBER: u64 = 1;
const SYMBOL: u64 = 2;
const BIGINT: u64 = 3;
const CONSTANT: u64 = 4;
const TEXT: u64 = 5;
/** Of a string or symbol; V8 computes it for every key. */
const HASH_OF_NAME: usize = 8;
/** Characters at the beginning of a long text, and at its end. */
const PART: u32 = 512;
const BIGINT_DIGITS: usize = 16;
const MAX_DIGITS: u32 = 64;

export function numberValue(number: f64): u64 {
  return mix(NUMBER, reinterpret<u64>(number));
}

/** What the name of a property is, by V8's own hash of it. */
export function nameValue(word: u64): u64 {
  const place = placeOf(word);
  return place === 0 ? word : <u64>load<u32>(place, HASH_OF_NAME);
}

export function valueOf(word: u64): u64 {
  if ((word & 1) === 0) return numberValue(<f64>(<i32>(word >> 32)));
  const place = placeOf(word);
  if (place === 0) return 0;
  const map = mapOf(place);
  if (map === 0) return 0;
  const type = typeOf(map);
  if (type < STRING_TYPES) return nodeOf(place) === NO_NODE ? textValue(place) : printOf(place);
  if (type === heapNumberType) return numberValue(load<f64>(place, 8));
  if (type === symbolType) return mix(SYMBOL, load<u32>(place, HASH_OF_NAME));
  if (type === bigIntType) return digitsValue(place);
  return (flagsOf(pageOf(place)) & READ_ONLY) !== 0 ? mix(CONSTANT, word) : 0;
}

function digitsValue(place: usize): u64 {
  const head = load<u32>(place, 8);
  let value = mix(BIGINT, head);
  const end = endOf(pageOf(place));
  const count = head >> 1;
  for (let index: u32 = 0; index < count && index < MAX_DIGITS; index++) {
    const at = place + BIGINT_DIGITS + 8 * <usize>index;
    if (at + 8 > end) break;
    value = mix(value, load<u64>(at));
  }
  return value;
}

/** The same for a text however V8 keeps it. */
export function textValue(place: usize): u64 {
  const type = typeOf(mapOf(place));
  const length = load<u32>(place, LENGTH);
  if (length <= 2 * PART && (type & (REPRESENTATION | ONE_BYTE)) === ONE_BYTE) {
    const characters = place + CHARACTERS;
    if (characters + length <= endOf(pageOf(place)) && isPlain(characters, length))
      return bytesValue(characters, length, length);
  }
  beginText();
  let isRead = addString(place, 0, length <= 2 * PART ? length : PART, 0);
  if (isRead && length > 2 * PART) isRead = addString(place, length - PART, PART, 0);
  return isRead ? bytesValue(draft, drafted, length) : 0;
}

function bytesValue(from: usize, count: u32, length: u32): u64 {
  let value = mix(TEXT, length);
  let at: u32 = 0;
  for (; at + 8 <= count; at += 8) value = mix(value, load<u64>(from + at));
  let rest: u64 = 0;
  for (; at < count; at++) rest = (rest << 8) | (<u64>load<u8>(from + at));
  return mix(value, rest);
}
