/** What grew between snapshots; the printed JSON has the same shape. */
import {
  classOrigins,
  type ClassGrowth,
  type ClassOrigin,
  type Growth,
  type Snapshot,
} from '@afterimage/snapshot';
import { explainedClasses } from './explained-classes.js';

export interface Comparison extends Growth {
  /** As given on the command line, the earliest first. */
  files: string[];
  /** Size of the heap in each. */
  heaps: HeapSize[];
  classes: GrownClass[];
}

export interface HeapSize {
  nodes: number;
  /** Includes memory outside V8's heap that the snapshot knows of, like `growth.bytes`. */
  bytes: number;
}

export interface GrownClass extends ClassGrowth {
  origin: ClassOrigin;
  /** Rank of the suspect that explains it, or null. */
  suspect: number | null;
}

/**
 * Builds the comparison.
 * @param last the last of the snapshots
 * @param most maximum number of classes
 */
export function comparisonOf(
  growth: Growth,
  files: string[],
  heaps: HeapSize[],
  last: Snapshot,
  most?: number,
): Comparison {
  // Accumulations in a heap that shrank overall are not what the reader is looking for.
  const suspects = growth.growth.bytes > 0 ? growth.suspects : [];
  const explained = explainedClasses(last, suspects);
  const origins = classOrigins(last);
  const classes = growth.classes.map((each) => ({
    ...each,
    origin: origins.get(each.name) ?? 'platform',
    suspect: explained.get(each.name) ?? null,
  }));
  return { files, ...growth, suspects, heaps, classes: classes.slice(0, most) };
}

export function heapSizeOf({ graph }: Snapshot): HeapSize {
  let bytes = 0;
  for (let node = 0; node < graph.nodeCount; node++) bytes += graph.selfSize[node];
  return { nodes: graph.nodeCount, bytes };
}
