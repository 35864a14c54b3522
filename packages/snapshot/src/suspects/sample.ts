/** Takes samples, so that looking at what accumulates takes a bounded time. */

/**
 * Returns at most `most` of `all`, spread evenly and in order: one from each of as many equal parts, at a
 * place in it that looks random and is the same each time. Elements often alternate (two ends of a channel,
 * an object and its copy), and every n-th would then be of one sort alone.
 */
export function sampleOf<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return all.slice();
  // The division comes last: 97 * (101 / 97) is more than 101.
  const startOf = (part: number): number => Math.ceil((part * all.length) / most);
  return Array.from({ length: most }, (_, part) => {
    // Whole numbers between the bounds of this part, so that no element is taken twice.
    const from = startOf(part);
    const to = startOf(part + 1);
    return all[from + (scrambled(part) % (to - from))];
  });
}

/** Maps whole numbers to 32-bit ones without a visible order: the finalizer of MurmurHash3 (Appleby). */
function scrambled(value: number): number {
  let bits = Math.imul(value ^ 0x9e3779b9, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
