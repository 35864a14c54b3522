/** What there is to say of one snapshot as a whole. The JSON that is printed has the same shape. */
import {
  findSuspects,
  readProvenance,
  type RedactionLevel,
  type Snapshot,
  type Suspect,
} from '@afterimage/snapshot';
import { packageFile } from './package-files.js';

export interface Analysis {
  /** As it was named on the command line. */
  file: string;
  /** What was taken out of it; null where it was not written by Afterimage. */
  redaction: RedactionLevel | null;
  totals: { nodes: number; edges: number; shallowBytes: number };
  /** Largest retained size first. */
  classes: ClassTotals[];
  suspects: Suspect[];
}

export interface ClassTotals {
  name: string;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
}

/** `most` bounds how many classes and how many suspects there are. */
export function analysisOf(snapshot: Snapshot, file: string, most?: number): Analysis {
  const { graph, shallowSize } = snapshot;
  return {
    file,
    redaction: readProvenance(graph.header)?.redaction ?? null,
    totals: {
      nodes: graph.nodeCount,
      edges: graph.edgeCount,
      shallowBytes: sumOf(shallowSize),
    },
    classes: snapshot
      .classes()
      .slice(0, most)
      .map(({ name, count, shallowBytes, retainedBytes }) => ({ name, count, shallowBytes, retainedBytes })),
    suspects: findSuspects(snapshot, { readText: packageFile, ...(most === undefined ? {} : { most }) }),
  };
}

function sumOf(sizes: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < sizes.length; at++) sum += sizes[at];
  return sum;
}
