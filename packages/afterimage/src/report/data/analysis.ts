/** The report on one snapshot as a whole; the printed JSON has the same shape. */
import { formatBytes, formatShare } from '@afterimage/host/format';
import {
  classOrigins,
  findSuspects,
  readProvenance,
  type ClassOrigin,
  type ProcessFigures,
  type RedactionLevel,
  type Snapshot,
  type Suspect,
} from '@afterimage/snapshot';
import { explainedClasses } from './explained-classes.js';
import { packageFile } from './package-files.js';

export interface Analysis {
  /** As given on the command line. */
  file: string;
  /** The captured process; null if unknown. */
  pid: number | null;
  /** The worker thread whose heap it is, as `worker_threads` numbers it; null for the main thread, and if unknown. */
  thread: number | null;
  /** The redaction level; null if Afterimage did not write the file. */
  redaction: RedactionLevel | null;
  totals: { nodes: number; edges: number; shallowBytes: number };
  /** Largest retained size first. */
  classes: ClassTotals[];
  /** The largest accumulations. */
  suspects: Suspect[];
  /** Figures of the process at the time of the capture; null if the snapshot does not contain them. */
  process: ProcessFigures | null;
  /** What the answer does not cover, in one short sentence each. */
  notCovered: string[];
  /** The one sentence that a reader should see first. */
  summary: string;
}

export interface ClassTotals {
  name: string;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  origin: ClassOrigin;
  /** Rank of the suspect that its instances belong to, or null. */
  suspect: number | null;
}

const NO_GROWTH = 'one snapshot cannot show growth';
const READ_OUT = "Objects of Node's own C++ code were not looked at: the heap was read out of an image";

/** With a capital letter, as it stands after another. */
export function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Builds the report.
 * @param others a sentence about other heaps in the image that the snapshot was read from; null if there are none
 * @param most limits the numbers of classes and suspects
 */
export function analysisOf(snapshot: Snapshot, file: string, others: string | null, most?: number): Analysis {
  const { graph, shallowSize } = snapshot;
  const provenance = readProvenance(graph.header);
  const suspects = findSuspects(snapshot, { readText: packageFile, ...(most === undefined ? {} : { most }) });
  const explained = explainedClasses(snapshot, suspects);
  const origins = classOrigins(snapshot);
  const shallowBytes = sumOf(shallowSize);
  return {
    file,
    pid: provenance?.target?.pid ?? null,
    thread: provenance?.target?.thread ?? null,
    redaction: provenance?.redaction ?? null,
    totals: {
      nodes: graph.nodeCount,
      edges: graph.edgeCount,
      shallowBytes,
    },
    classes: snapshot
      .classes()
      .slice(0, most)
      .map(({ name, count, shallowBytes, retainedBytes }) => ({
        name,
        count,
        shallowBytes,
        retainedBytes,
        origin: origins.get(name) ?? 'platform',
        suspect: explained.get(name) ?? null,
      })),
    suspects,
    process: provenance?.target?.process ?? null,
    notCovered: [
      NO_GROWTH,
      ...(provenance?.by === 'reader' ? [READ_OUT] : []),
      ...(others === null ? [] : [asSentence(others)]),
    ],
    summary: summaryOf(suspects, shallowBytes),
  };
}

function summaryOf(suspects: readonly Suspect[], bytes: number): string {
  const first = suspects.at(0);
  const heap = formatBytes(bytes);
  return first === undefined
    ? `No accumulation stands out in a heap of ${heap}.`
    : `First to look at: ${first.title}, ${formatShare(first.share)} of a heap of ${heap}.`;
}

function sumOf(sizes: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < sizes.length; at++) sum += sizes[at];
  return sum;
}
