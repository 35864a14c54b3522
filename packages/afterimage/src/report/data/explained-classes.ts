/** Finds the suspect that explains a class: the suspect holds the class's additional instances. */
import type { Snapshot, Suspect } from '@afterimage/snapshot';

/** How many nodes below an example are examined. */
const MAX_INSIDE = 500;

/**
 * Returns the rank of the suspect that explains each class, by name: what accumulates itself, and what its
 * examples retain. The first suspect that explains a class counts.
 * @param snapshot the last one, which contains the examples
 */
export function explainedClasses(snapshot: Snapshot, suspects: readonly Suspect[]): Map<string, number> {
  const ranks = new Map<string, number>();
  const note = (name: string, rank: number): void => {
    if (!ranks.has(name)) ranks.set(name, rank);
  };
  for (const { rank, class: name, parts } of suspects) {
    note(name, rank);
    for (const part of parts) note(part.class, rank);
  }
  for (const { rank, examples } of suspects) {
    for (const name of classesInside(snapshot, examples)) note(name, rank);
  }
  return ranks;
}

function classesInside(snapshot: Snapshot, ids: readonly number[]): Set<string> {
  const { first, nodes } = snapshot.dominated;
  const names = new Set<string>();
  const waiting = ids.map((id) => snapshot.nodeWithId(id)).filter((node) => node >= 0);
  for (let head = 0; head < waiting.length && head < MAX_INSIDE; head++) {
    const node = waiting[head];
    names.add(snapshot.className(node));
    for (let at = first[node]; at < first[node + 1] && waiting.length < MAX_INSIDE; at++) {
      waiting.push(nodes[at]);
    }
  }
  return names;
}
