/**
 * Decides where the forms of a string go. A name stays at its index, and a hidden value moves elsewhere: V8
 * numbers strings in order of appearance and gives equal texts one index, so a value next to the name with
 * the same text would be as good as readable. Values are shuffled within a block of about a fifth of all
 * strings; their order is known only while the stream lasts.
 */

export interface Block {
  from: number;
  to: number;
}

const SMALLEST_BLOCK = 4096;
/**
 * A block is this part of all blocks before it (as a shift), so that the unused part at the end stays small
 * too.
 */
const GROWTH_SHIFT = 2;

/**
 * Returns a function that finds the block of an index up to `greatest`; it is fastest for the same block
 * again.
 */
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
