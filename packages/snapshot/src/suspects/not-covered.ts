/**
 * Lists what an answer does not cover, in short sentences, so that readers know what an empty answer means.
 */
import type { RedactionLevel } from '../redact/level.js';
import { readProvenance, type Target } from '../redact/provenance.js';
import type { Snapshot } from '../graph/snapshot.js';

/** What is kept of each snapshot, which itself is not kept. */
export interface Coverage {
  /** Size of the heap in bytes. */
  bytes: number;
  target: Target | null;
  redaction: RedactionLevel | null;
  /** What made it: the reader of images, or V8's own generator. */
  by: 'reader' | 'v8';
}

export function coverageOf({ graph: { header } }: Snapshot, bytes: number): Coverage {
  const provenance = readProvenance(header);
  const { target = null, redaction = null, by = 'v8' } = provenance ?? {};
  return { bytes, target, redaction, by };
}

const ELSEWHERE =
  'Worker threads have heaps of their own, and native memory is in no heap: neither was looked at.';

/** Of a graph that was read out of an image. */
const READ_OUT = "Objects of Node's own C++ code were not looked at: the heap was read out of an image.";

export function notCoveredByOne(snapshot: Snapshot): string[] {
  return [
    'One snapshot cannot show growth: these are the largest accumulations, which may be as large as they should be.',
    ...redactionNotes([coverageOf(snapshot, 0)]),
    ...makerNotes([coverageOf(snapshot, 0)]),
    ELSEWHERE,
  ];
}

export function notCoveredBySeveral(all: readonly Coverage[]): string[] {
  const notes: string[] = [];
  if (all.length === 2) notes.push('Between two snapshots any growth looks steady: take a third.');
  if (all[all.length - 1].bytes < all[0].bytes)
    notes.push(
      'The heap shrank from the first snapshot to the last: growth that this outweighs is not shown.',
    );
  const versions = distinct(all.map(({ target }) => target?.node));
  if (versions.length > 1)
    notes.push(
      `The snapshots are of different Node.js versions (${versions.join(', ')}): compare alike ones.`,
    );
  const names = distinct(all.map(({ target }) => target?.name));
  const pids = distinct(all.map(({ target }) => target?.pid));
  if (names.length > 1)
    notes.push(`The snapshots are of different programs (${names.join(', ')}): compare those of one.`);
  else if (pids.length > 1)
    notes.push(`The snapshots are of different processes (${pids.join(', ')}): warm-up looks like growth.`);
  const threads = distinct(all.map(({ target }) => (target === null ? undefined : threadName(target))));
  if (threads.length > 1)
    notes.push(
      `The snapshots are of the heaps of different threads (${threads.join(', ')}): compare those of one.`,
    );
  const times = all.map(({ target }) => Date.parse(target?.time ?? ''));
  if (times.some((time, at) => at > 0 && time < times[at - 1]))
    notes.push('The snapshots are not in the order in which they were taken.');
  return [...notes, ...redactionNotes(all), ...makerNotes(all), ELSEWHERE];
}

function threadName({ thread }: Target): string {
  return thread === undefined ? 'the main thread' : `worker thread ${thread}`;
}

function redactionNotes(all: readonly Coverage[]): string[] {
  return all.some(({ redaction }) => redaction === 'names')
    ? ['Names were redacted: things that differ only by name may be missing.']
    : [];
}

/** See docs/reading.md. */
function makerNotes(all: readonly Coverage[]): string[] {
  if (!all.some(({ by }) => by === 'reader')) return [];
  return all.every(({ by }) => by === 'reader')
    ? [READ_OUT]
    : [
        'Some snapshots were read out of images, and some written by V8: what only one of them sees looks like growth.',
      ];
}

function distinct<T>(values: (T | undefined)[]): T[] {
  return [...new Set(values.filter((value): value is T => value !== undefined))];
}
