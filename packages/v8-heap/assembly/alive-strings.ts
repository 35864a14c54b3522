/** Strings that are alive, in the order of their places. */
import { nextAlive } from './bitmap';
import { mapOf, typeOf } from './maps';
import { heapEnd } from './pages';
import { STRING_TYPES } from './strings';

/** The first at or after a place whose type has these bits, of those in the mask; 0 where there is none. */
export function nextString(place: usize, mask: u32, bits: u32): usize {
  for (let at = nextAlive(place); at < heapEnd; at = nextAlive(at + 8)) {
    const type = typeOf(mapOf(at));
    if (type < STRING_TYPES && (type & mask) === bits) return at;
  }
  return 0;
}
