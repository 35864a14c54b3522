/** Edges of arrays of transitions, which lead from a map to those of objects with one property more. */
import { edgeTo, HIDDEN_EDGE, tag, target, weak } from './edges';
import { transitionHeader } from './layout';
import { NO_NODE, nodeOf, nodeSizes, SHAPE_NODE } from './nodes';
import { elementsIn, placeOf, smallIn } from './pages';
import { nameOf, nameOfNumber } from './texts';

const PROTOTYPE_TRANSITIONS = nameOf('(prototype transitions)');

/** A collection drops dead transitions, and moves those that stay together. */
export function transitionEdges(place: usize): void {
  tag(load<u64>(place, 16), PROTOTYPE_TRANSITIONS, SHAPE_NODE);
  const length = elementsIn(place);
  const count = smallIn(place + 8 + 8 * transitionHeader);
  let hidden: u32 = 0;
  let words = transitionHeader;
  let isDead = false;
  for (let index: u32 = 0; index < transitionHeader && index < length; index++)
    hidden = transitionWord(load<u64>(place + 16 + 8 * index), hidden);
  for (let index: u32 = 0; index < count && transitionHeader + 2 * index + 1 < length; index++) {
    const entry = place + 16 + 8 * (transitionHeader + 2 * index);
    const to = load<u64>(entry, 8);
    if ((to & 3) === 3 && target(to) === NO_NODE) {
      isDead = true;
      continue;
    }
    words += 2;
    hidden = transitionWord(load<u64>(entry), hidden);
    hidden = transitionWord(to, hidden);
  }
  if (isDead) store<u32>(nodeSizes + 4 * nodeOf(place), 16 + 8 * words);
}

function transitionWord(word: u64, hidden: u32): u32 {
  if ((word & 1) === 0 || placeOf(word) === 0) return hidden;
  if ((word & 3) === 3) weak(nameOfNumber(hidden), word, -1);
  else edgeTo(HIDDEN_EDGE, hidden, word, -1);
  return hidden + 1;
}
