/**
 * Shortens paths for reading: a path to the end of a linked list has as many steps as links. Repeated steps
 * are folded like in the structure tree; of a path that is still long, the middle is left out.
 */

/** Steps that repeat with a longer period are not folded; the structure tree has the same limit. */
export const MAX_PERIOD = 6;
/** Fewer repetitions are not folded. */
const MIN_REPETITIONS = 3;

/** An index into the path, or a gap. */
export type Piece = number | LeftOut;

export interface LeftOut {
  steps: number;
  /** The omitted steps repeat this many steps before them; 0 if they were only too many to show. */
  period: number;
}

/**
 * Returns the pieces of a path. Steps with equal `keys` are alike. The first and the last step are always
 * included. If there are more than `longest` pieces, the middle is left out.
 */
export function foldPath(keys: readonly string[], longest: number): Piece[] {
  return withoutMiddle(withoutRepetitions(keys), longest);
}

function withoutRepetitions(keys: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < keys.length;) {
    const { period, repetitions } = repetitionsFrom(keys, at);
    // Show the first and the last repetition: the last step of a path is what it is about.
    const leftOut = repetitions - 1;
    if (leftOut < MIN_REPETITIONS) pieces.push(at++);
    else {
      for (let step = 0; step < period; step++) pieces.push(at + step);
      pieces.push({ steps: leftOut * period, period });
      at += period + leftOut * period;
      // Not examined again: the rest of the run is its end.
      for (let step = 0; step < period; step++) pieces.push(at++);
    }
  }
  return pieces;
}

/** Returns how often the steps from `at` on repeat, with the shortest period that repeats often enough. */
function repetitionsFrom(keys: readonly string[], at: number): { period: number; repetitions: number } {
  for (let period = 1; period <= MAX_PERIOD; period++) {
    let end = at + period;
    while (end < keys.length && keys[end] === keys[end - period]) end++;
    const repetitions = Math.floor((end - at) / period) - 1;
    if (repetitions > MIN_REPETITIONS) return { period, repetitions };
  }
  return { period: 1, repetitions: 0 };
}

function withoutMiddle(pieces: Piece[], longest: number): Piece[] {
  if (pieces.length <= longest) return pieces;
  const before = Math.ceil(longest / 2);
  const after = pieces.length - (longest - before);
  const steps = pieces
    .slice(before, after)
    .reduce((sum: number, piece) => sum + (typeof piece === 'number' ? 1 : piece.steps), 0);
  return [...pieces.slice(0, before), { steps, period: 0 }, ...pieces.slice(after)];
}
