/** From a snapshot, or several of one process, to what leaks. */
import type { Snapshot } from '../snapshot.js';
import type { Growth, Suspect } from './suspect.js';

/** What accumulates in one snapshot, the most suspicious first. `most` bounds how many. */
export function findSuspects(_snapshot: Snapshot, _options: { most?: number } = {}): Suspect[] {
  return [];
}

/**
 * What grew from the first of the snapshots to the last, and who holds it. They are matched by structure: object
 * ids of two captures have nothing to do with one another. Each is asked for once, in turn, and only the last is kept, so that memory
 * is that of one snapshot.
 * @throws {RangeError} when there are fewer than two
 */
export async function diff(
  snapshots: Iterable<Snapshot | Promise<Snapshot>> | AsyncIterable<Snapshot>,
  _options: { most?: number } = {},
): Promise<Growth> {
  const all: Snapshot[] = [];
  for await (const snapshot of snapshots) all.push(snapshot);
  if (all.length < 2) throw new RangeError(`a diff needs two snapshots or more, not ${all.length}`);
  return {
    growth: { bytes: 0, nodes: 0 },
    outsideHeap: { bytes: 0, arrayBufferBytes: 0 },
    explainedShare: 0,
    suspects: [],
    classes: [],
    summary: '',
  };
}
