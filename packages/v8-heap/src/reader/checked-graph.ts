/** Reads the graph of a heap if every page of it is as the reader knows this V8: docs/reading.md, the self-check. */
import type { ImageMemory } from '../image/image-memory.js';
import { checkCommitted } from './committed-pages.js';
import { explainPages } from './explain.js';
import type { Isolate } from './isolates.js';
import { openHeap } from './open-heap.js';
import { readGraph, type HeapGraph } from './read-graph.js';
import { UnreadableHeapError } from './unreadable-heap.js';

/** More unexplained objects than this, or than this part of all, mean a V8 that is not understood. */
const MAX_UNEXPLAINED = 20;
const MAX_UNEXPLAINED_SHARE = 1e-4;

/** Memory for pages and graph relative to the heap, and for the rest; measured: 3 and 60 MB. */
const READ_PER_HEAP = 4;
const READ_BYTES = 128 << 20;

export type ReadingStep = 'finding' | 'reading';

/**
 * Memory that reading a heap takes, in bytes.
 * @param heapBytes what the heap's pages take
 * @param keptBytes how much of the image is kept in memory
 */
export function readNeedBytes(heapBytes: number, keptBytes: number): number {
  return READ_BYTES + READ_PER_HEAP * heapBytes + keptBytes;
}

/**
 * Reads the graph of one isolate.
 * @param onStep called, and waited for, before each step, which takes up to some seconds
 * @throws {UnreadableHeapError} or {HeapTooLargeError}; what `onStep` throws
 */
export async function checkedGraph(
  memory: ImageMemory,
  { heapAddress }: Pick<Isolate, 'heapAddress'>,
  onStep: (step: ReadingStep) => Promise<void>,
): Promise<HeapGraph> {
  await onStep('finding');
  const heap = openHeap(memory, heapAddress);
  const { objects, unexplained } = explainPages(heap);
  if (unexplained > Math.max(MAX_UNEXPLAINED, objects * MAX_UNEXPLAINED_SHARE)) {
    const [places, among] = [unexplained, objects].map((count) => count.toLocaleString('en'));
    throw new UnreadableHeapError(
      `${places} places among ${among} objects are not as the reader knows V8 ${memory.metadata.v8Version}`,
    );
  }
  checkCommitted(heap);
  await onStep('reading');
  return readGraph(heap);
}
