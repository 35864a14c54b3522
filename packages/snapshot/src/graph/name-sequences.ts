/**
 * Stores sequences of names, each once, numbered in the order of first appearance. In columns, because in a
 * heap full of dictionaries each has its own sequence of properties.
 */

export interface NameSequences {
  readonly count: number;
  /** The names of all sequences, as indexes into the graph's strings. */
  names: Uint32Array;
  /** Index in `names` at which each sequence begins; one entry more than there are sequences. */
  first: Uint32Array;
  /** Returns the number of the sequence in `source` from `start` to `end` (exclusive). */
  numberOf(source: Uint32Array, start: number, end: number): number;
}

/**
 * Creates storage for at most `most` sequences with at most `mostNames` names in total; unused space takes no
 * memory.
 */
export function nameSequences(most: number, mostNames: number): NameSequences {
  const names = new Uint32Array(mostNames);
  const first = new Uint32Array(most + 1);
  let count = 0;
  /** Sequence numbers from 1, hashed by their names; open addressing. */
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
