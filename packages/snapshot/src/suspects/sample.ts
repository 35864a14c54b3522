/** Some of many nodes, evenly spread: what is said of all must not take as long as looking at all. */
export function sampleOf<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, at) => at % step === 0);
}
