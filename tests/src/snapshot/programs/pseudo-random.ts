/** The same numbers in each run, so that each run makes the same heap. */
export interface PseudoRandom {
  /** A whole number from 0 to `end` - 1. */
  below: (end: number) => number;
  /** @throws {RangeError} when `from` is empty */
  pick: <T>(from: readonly T[]) => T;
  chance: (probability: number) => boolean;
}

export function pseudoRandom(seed: number): PseudoRandom {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
  const below = (end: number): number => Math.floor(next() * end);
  const pick = <T>(from: readonly T[]): T => {
    const [picked] = from.slice(below(from.length));
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
  return { below, pick, chance: (probability) => next() < probability };
}
