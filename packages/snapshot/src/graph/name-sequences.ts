/**
 * Sequences of names, each kept once and numbered in the order of its first appearance. In columns, for a heap
 * that is full of dictionaries has a sequence of properties for each of them.
 */

export interface NameSequences {
  readonly count: number;
  /** The names of all sequences, as indexes into the graph's strings. */
  names: Uint32Array;
  /** Where each one's begin in `names`; one more than there are sequences. */
  first: Uint32Array;
  /** The number of the sequence that is in `source` from `start` up to, not with, `end`. */
  numberOf(source: Uint32Array, start: number, end: number): number;
}

/** For at most `most` sequences of at most `mostNames` names in all; room that is not used takes no memory. */
export function nameSequences(most: number, mostNames: number): NameSequences {
  const names = new Uint32Array(mostNames);
  const first = new Uint32Array(most + 1);
  let count = 0;
  /** Sequences, from 1, by the hash of their names; a place taken is passed over. */
  let table = new Uint32Array(1 << 10);

  function isAt(index: number, source: Uint32Array, start: number, end: number): boolean {
    const offset = first[index] - start;
    if (first[index + 1] - end !== offset) return false;
    for (let at = start; at < end; at++) if (source[at] !== names[at + offset]) return false;
    return true;
  }

  function placeOf(source: Uint32Array, start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at], 0x9e3779b1) ^ (hash >>> 15);
    let place = (hash ^ (hash >>> 16)) & (table.length - 1);
    while (table[place] !== 0 && !isAt(table[place] - 1, source, start, end)) {
      place = (place + 1) & (table.length - 1);
    }
    return place;
  }

  function numberOf(source: Uint32Array, start: number, end: number): number {
    const place = placeOf(source, start, end);
    if (table[place] !== 0) return table[place] - 1;
    const index = count++;
    for (let at = start, to = first[index]; at < end; at++) names[to++] = source[at];
    first[index + 1] = first[index] + end - start;
    table[place] = count;
    if (2 * count >= table.length) {
      table = new Uint32Array(2 * table.length);
      for (let of = 0; of < count; of++) table[placeOf(names, first[of], first[of + 1])] = of + 1;
    }
    return index;
  }

  return {
    get count() {
      return count;
    },
    names,
    first,
    numberOf,
  };
}
