/**
 * Where the forms of a string go. A name stays at its index, and what must not be read goes elsewhere: V8 numbers
 * strings as it meets them and gives one index to equal texts, so a value beside the name with the same text
 * would be as good as written out. Values change places at random within a block, which holds a fifth of all
 * strings or so; how they were moved is known for as long as the stream lasts.
 */

export interface Block {
  from: number;
  to: number;
}

const SMALLEST_BLOCK = 4096;
/** A block is that part of all before it: what it leaves unused at the end of a snapshot is little, too. */
const GROWTH_SHIFT = 2;

/** Finds the block that an index up to `greatest` is in; it is quickest to find the same again. */
export function blockFinder(greatest: number): (index: number) => Block {
  const blocks: Block[] = [];
  for (let from = 0; from <= greatest;) {
    const to = from + Math.max(SMALLEST_BLOCK, from >>> GROWTH_SHIFT);
    blocks.push({ from, to });
    from = to;
  }
  let latest = blocks[0];

  return (index) => {
    if (index >= latest.from && index < latest.to) return latest;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (blocks[middle].from <= index) low = middle;
      else high = middle - 1;
    }
    return (latest = blocks[low]);
  };
}
