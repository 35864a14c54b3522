/**
 * Writes the first sentence of a comparison: how much grew, what explains it, and how much lies outside V8's
 * heap, where there are no suspects.
 */
import type { ProcessFigures } from '../redact/process-figures.js';
import type { Growth } from './suspect.js';

type Found = Pick<Growth, 'outsideHeap' | 'process' | 'suspects' | 'explainedShare'> & {
  /** Growth of the snapshots' nodes from the first to the last, in bytes. */
  bytes: number;
};

/** Returns one or two sentences. Never says that a process is stable if it grows outside V8's heap. */
export function summaryOf({ bytes, outsideHeap, process, suspects, explainedShare }: Found): string {
  const outside = outsideGrowth(process);
  if (outside !== null) return `${inHeap()}${references()} ${outside}`;
  const native =
    bytes > 0 && outsideHeap.bytes > bytes / 2
      ? ` ${inUnits(outsideHeap.bytes)} of it lie outside V8's heap, ${inUnits(outsideHeap.arrayBufferBytes)} in buffers.`
      : '';
  return inHeap() + references() + native;

  function inHeap(): string {
    if (bytes <= 0) return `The heap did not grow (${inUnits(bytes)}).`;
    const inHeapToo = suspects.filter(({ limit, share }) => limit === null && share > 0);
    if (inHeapToo.length === 0) {
      const where = outside === null ? '' : " in V8's heap";
      return `Nothing grows steadily${where}; the heap changed by ${inUnits(bytes)}.`;
    }
    const who = inHeapToo.length === 1 ? '1 suspect explains' : `${inHeapToo.length} suspects explain`;
    return `${who} ${Math.round(100 * explainedShare)} % of ${inUnits(bytes)}.`;
  }

  /** What native code holds takes no bytes of the heap. */
  function references(): string {
    const held = suspects.find(({ edges, share }) => edges !== null && share === 0);
    return held === undefined ? '' : ` ${held.title}.`;
  }
}

/** Less is noise: allocator fluctuations, and file pages that become resident. */
const MIN_OUTSIDE_BYTES = 16e6;
/** Minimum share of the first snapshot's RSS. */
const MIN_OUTSIDE_SHARE = 0.1;

/** Returns a sentence; null if nothing noteworthy grew there, or the snapshots lack the figures. */
function outsideGrowth(process: Growth['process']): string | null {
  const known = process?.filter((each): each is ProcessFigures => each !== null) ?? [];
  if (known.length < 2) return null;
  const first = known[0];
  const last = known[known.length - 1];
  const rss = last.rss - first.rss;
  const outside = rss - (last.heapTotal - first.heapTotal);
  if (outside < Math.max(MIN_OUTSIDE_BYTES, MIN_OUTSIDE_SHARE * first.rss)) return null;
  const buffers = Math.min(outside, last.arrayBuffers - first.arrayBuffers);
  const held = buffers > outside / 10 ? `, ${inUnits(buffers)} of that in ArrayBuffers and Buffers` : '';
  return `RSS grew ${inUnits(rss)}; ${inUnits(outside)} lies outside V8's heap${held}: see afterimage memory.`;
}

function inUnits(bytes: number): string {
  const sign = bytes < 0 ? '-' : '+';
  const size = Math.abs(bytes);
  if (size >= 1e6) return `${sign}${(size / 1e6).toFixed(1)} MB`;
  return `${sign}${(size / 1e3).toFixed(0)} kB`;
}
