/** Returns an evenly spread sample of at most `most` nodes, to bound the time. */
export function sampleOf<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, at) => at % step === 0);
}
