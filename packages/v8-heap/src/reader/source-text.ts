/** Texts of scripts, of which only the ends of lines are wanted. */
import { STRING_TYPES } from '../object-layout.js';
import type { OpenHeap } from './open-heap.js';

const REPRESENTATION = { mask: 7, sequential: 0, cons: 1, external: 2, sliced: 3, thin: 5 };
const ONE_BYTE = 8;
/** Where strings have their length, and what comes after it by how they are kept, in bytes. */
const LENGTH = 12;
const CHARACTERS = 16;
const FIRST = 16;
const SECOND = 24;
const OFFSET = 28;
const EXTERNAL_DATA = 24;
/** String::kMaxLength in V8. */
const MAX_CHARACTERS = 536_870_888;
const MAX_DEPTH = 64;

type Characters = Uint8Array | Uint16Array;

/** Part of a string: so many characters from one on. */
interface Part {
  word: bigint;
  from: number;
  count: number;
}

/** Where the lines of a string end but the last, in characters; null where it is no string, or not all in the image. */
export function lineEndsOf(heap: OpenHeap, word: bigint): number[] | null {
  const ends: number[] = [];
  const seen = { characters: 0, endsInReturn: false };
  const take = (characters: Characters): void => {
    for (let at = 0; at < characters.length; at++) {
      const code = characters[at];
      if (seen.endsInReturn && code !== NEWLINE) ends.push(seen.characters + at - 1);
      seen.endsInReturn = code === RETURN;
      if (code === NEWLINE || code === LINE_SEPARATOR || code === PARAGRAPH_SEPARATOR)
        ends.push(seen.characters + at);
    }
    seen.characters += characters.length;
  };
  if (!takeCharacters(heap, { word, from: 0, count: MAX_CHARACTERS }, 0, take)) return null;
  if (seen.endsInReturn) ends.push(seen.characters - 1);
  return ends;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const LINE_SEPARATOR = 0x2028;
const PARAGRAPH_SEPARATOR = 0x2029;

/** Hands out the characters of a part of a string, however it is kept; false where it cannot be read. */
function takeCharacters(
  heap: OpenHeap,
  { word, from, count }: Part,
  depth: number,
  take: (characters: Characters) => void,
): boolean {
  const { compiled } = heap;
  const place = compiled.placeOf(word) >>> 0;
  const map = place === 0 ? 0 : compiled.mapOf(place);
  if (map === 0 || depth > MAX_DEPTH) return false;
  const type = compiled.typeOf(map);
  const length = compiled.view().getUint32(place + LENGTH, true);
  if (type >= STRING_TYPES || length > MAX_CHARACTERS) return false;
  const number = Math.min(count, length - from);
  if (number <= 0) return true;
  const field = (offset: number): bigint => compiled.view().getBigUint64(place + offset, true);
  const other = (part: Part): boolean => takeCharacters(heap, part, depth + 1, take);
  const unit = (type & ONE_BYTE) !== 0 ? 1 : 2;
  switch (type & REPRESENTATION.mask) {
    case REPRESENTATION.sequential:
      take(asCharacters(compiled.bytes(place + CHARACTERS + from * unit, number * unit).slice(), unit));
      return true;
    case REPRESENTATION.cons: {
      const first = compiled.placeOf(field(FIRST)) >>> 0;
      const inFirst = first === 0 ? 0 : compiled.view().getUint32(first + LENGTH, true);
      return (
        other({ word: field(FIRST), from, count: Math.min(number, inFirst - from) }) &&
        other({
          word: field(SECOND),
          from: Math.max(0, from - inFirst),
          count: number - Math.max(0, inFirst - from),
        })
      );
    }
    case REPRESENTATION.sliced: {
      const offset = compiled.view().getUint32(place + OFFSET, true);
      return other({ word: field(FIRST), from: from + offset, count: number });
    }
    case REPRESENTATION.thin:
      return other({ word: field(FIRST), from, count: number });
    case REPRESENTATION.external: {
      const bytes = new Uint8Array(number * unit);
      if (!heap.memory.read(Number(field(EXTERNAL_DATA)) + from * unit, bytes)) return false;
      take(asCharacters(bytes, unit));
      return true;
    }
    default:
      return false;
  }
}

function asCharacters(bytes: Uint8Array, unit: number): Characters {
  return unit === 1 ? bytes : new Uint16Array(bytes.buffer);
}
