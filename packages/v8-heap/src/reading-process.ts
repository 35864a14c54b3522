/**
 * A program that reads the image in standard input and writes the snapshot of the main thread's heap to standard output. It
 * speaks the darkroom's language, so that who develops an image needs to know only which of the two to start.
 */
import { READER_EXIT } from '@afterimage/image/develop-errors';
import { ImageError, readImage } from '@afterimage/image/read';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { imageBytes } from './image/image-bytes.js';
import type { ImageMemory } from './image/image-memory.js';
import { checkedGraph } from './reader/checked-graph.js';
import { findIsolates } from './reader/isolates.js';
import { HeapTooLargeError } from './reader/load.js';
import { snapshotJson } from './reader/snapshot-json.js';
import { UnreadableHeapError } from './reader/unreadable-heap.js';
import { whyUnreadable } from './reader/why-unreadable.js';

process.exitCode = await read().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`afterimage error ${message}\n`);
  return exitCodeOf(error);
});

async function read(): Promise<number> {
  const memory = await arrived();
  const main = findIsolates(memory).find(({ isMain }) => isMain);
  if (main === undefined) throw new UnreadableHeapError("the main thread's heap is not in the image");
  const graph = await checkedGraph(memory, main, () => setImmediate());
  // Who redacts it keeps what its header says of its maker.
  const made = { version: '', redaction: 'none', by: 'reader', ids: graph.ids };
  for (const chunk of snapshotJson(graph, { afterimage: made }))
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  return 0;
}

/** The whole image, in memory. Its digest is not compared: it comes from a process of this machine through a pipe. */
async function arrived(): Promise<ImageMemory> {
  const { header, chunks } = await readImage(process.stdin);
  const why = whyUnreadable(header);
  if (why !== null) throw new UnreadableHeapError(why);
  const kept = imageBytes(header.imageBytes);
  // The other side waits for it before it sends more than the header.
  process.stderr.write('afterimage mapped\n');
  let bytes = 0;
  for await (const chunk of chunks) {
    kept.push(chunk);
    bytes += chunk.length;
  }
  if (bytes < header.imageBytes)
    throw new ImageError('truncated', `the image ends at byte ${bytes} of ${header.imageBytes}`);
  return kept.open();
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UnreadableHeapError || error instanceof HeapTooLargeError)
    return READER_EXIT.unreadable;
  if (error instanceof RangeError) return READER_EXIT.noMemory;
  if (!(error instanceof ImageError)) return 1;
  if (error.code === 'truncated') return READER_EXIT.truncated;
  return error.code === 'unsupported-format' ? READER_EXIT.unsupported : READER_EXIT.corrupt;
}
