/**
 * Paths made short enough to read: a chain is as deep as it has links, and a path to its end has as many steps.
 * Repeated steps are folded as the structure tree folds them; of what stays long the middle is left out.
 */

/** Steps that repeat with a longer period are not folded, as in the structure tree. */
export const MAX_PERIOD = 6;
/** Fewer repetitions are not worth folding. */
const MIN_REPETITIONS = 3;

/** An index into the path, or how many steps are left out there. */
export type Piece = number | LeftOut;

export interface LeftOut {
  steps: number;
  /** The steps left out repeat this many steps before them; 0 when they are only too many to show. */
  period: number;
}

/**
 * The pieces of a path whose steps have these `keys`: steps of equal keys are alike. The first and the last
 * step are always among them. Of more than `longest` pieces the middle is left out.
 */
export function foldPath(keys: readonly string[], longest: number): Piece[] {
  return withoutMiddle(withoutRepetitions(keys), longest);
}

function withoutRepetitions(keys: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < keys.length;) {
    const { period, repetitions } = repetitionsFrom(keys, at);
    // The first time and the last are shown: the last step of a path is what it is about.
    const leftOut = repetitions - 1;
    if (leftOut < MIN_REPETITIONS) pieces.push(at++);
    else {
      for (let step = 0; step < period; step++) pieces.push(at + step);
      pieces.push({ steps: leftOut * period, period });
      at += period + leftOut * period;
      // Not looked at again: what is left of the run is its end.
      for (let step = 0; step < period; step++) pieces.push(at++);
    }
  }
  return pieces;
}

/** How often the steps from `at` are repeated after them, by the shortest period of which they often are. */
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
