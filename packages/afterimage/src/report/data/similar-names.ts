/** Suggests names for one that does not exist. */

const SHOWN = 3;
/** Longer names are shapes of objects, which are not typed. */
const NAME_CHARS = 60;

/**
 * Returns at most three of `names`, the most similar first: those that contain it, then those with few
 * changed letters.
 */
export function similarNames(wanted: string, names: readonly string[]): string[] {
  const lower = wanted.toLowerCase().slice(0, NAME_CHARS);
  const most = Math.max(2, Math.ceil(lower.length / 2));
  return [...new Set(names)]
    .filter((name) => name.length <= NAME_CHARS)
    .map((name) => ({ name, changes: changesBetween(lower, name.toLowerCase()) }))
    .filter(({ changes }) => changes <= most)
    .sort((a, b) => a.changes - b.changes || (a.name < b.name ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ name }) => name);
}

function changesBetween(wanted: string, name: string): number {
  if (wanted !== '' && name.includes(wanted)) return Math.min(1, name.length - wanted.length);
  return Math.abs(wanted.length - name.length) > wanted.length / 2 ? Infinity : distanceOf(wanted, name);
}

/** Levenshtein distance. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
