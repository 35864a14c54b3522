/** From an image to the graph of its heap, by the reader: docs/reading.md. */
import { formatBytes } from '@afterimage/host/format';
import { ImageError, type ImageHeader, type ImageStream } from '@afterimage/image/read';
import { imageBytes } from '@afterimage/v8-heap/image/image-bytes';
import type { ImageMemory } from '@afterimage/v8-heap/image/image-memory';
import { checkedGraph, readNeedBytes } from '@afterimage/v8-heap/reader/checked-graph';
import type { HeapGraph } from '@afterimage/v8-heap/reader/read-graph';
import { UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import { whyUnreadable } from '@afterimage/v8-heap/reader/why-unreadable';
import type { Isolate } from '@afterimage/v8-heap/reader/isolates';
import { setImmediate } from 'node:timers/promises';
import type { ProgressLine } from '../cli/progress-line.js';
import { imageDigest } from '../files/image-digest.js';
import { chosenIsolate } from './isolates.js';
import type { ImageFile, OpenedImage } from './opened-image.js';

/** As frames are. */
const CHUNK_BYTES = 1 << 20;

/** Memory that reading the main thread's heap takes, in bytes, with so many of the image kept in memory. */
export function mainReadNeedBytes({ metadata }: ImageHeader, keptBytes: number): number {
  const { used, total } = metadata.heap;
  return readNeedBytes(Math.max(used, total), keptBytes);
}

export interface GraphReading {
  /** Whose heap, as `--isolate` says it; absent for the main thread. */
  isolate?: string | undefined;
  signal: AbortSignal;
  progress: ProgressLine;
  /** Checks the memory that reading a worker's heap takes: only its pages tell how much. */
  checkNeed?: (bytes: number) => Promise<void>;
}

/** A graph, the isolate that it is of, and the others in the image. */
export interface IsolateGraph {
  graph: HeapGraph;
  isolate: Isolate;
  others: readonly Isolate[];
}

/**
 * Reads the graph.
 * @throws {UnreadableHeapError} or {HeapTooLargeError} where only V8's own generator can develop this image
 * @throws {ImageError}; {CommandError} if the image has no such isolate
 */
export async function graphOfImage(
  { stream, openFile, keptBytes }: OpenedImage,
  reading: GraphReading,
): Promise<IsolateGraph> {
  const why = whyUnreadable(stream.header);
  if (why !== null) throw new UnreadableHeapError(why);
  const { signal, progress, checkNeed } = reading;
  const memory = await memoryOf(stream, openFile, signal, progress);
  try {
    progress.stage('finding the heaps …');
    await pause(signal);
    const chosen = chosenIsolate(memory, reading.isolate);
    const { isMain, committedBytes } = chosen.isolate;
    if (!isMain) await checkNeed?.(readNeedBytes(committedBytes, keptBytes));
    return { ...chosen, graph: await graphOf(memory, chosen.isolate, signal, progress) };
  } finally {
    memory.close();
  }
}

/**
 * All of the image is read once, so that its digest is compared as V8's way does.
 * @param openFile opens the image where it can be read at any position; null keeps all of it in memory
 * @throws {ImageError}
 */
export async function memoryOf(
  image: ImageStream,
  openFile: OpenedImage['openFile'],
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<ImageMemory> {
  const { header, chunks } = image;
  const digest = await imageDigest();
  let done = 0;
  const take = (chunk: Uint8Array): void => {
    signal.throwIfAborted();
    digest.push(chunk);
    done += chunk.length;
    progress.show(
      `reading the image: ${formatBytes(done)} of ${formatBytes(header.imageBytes)}`,
      done / header.imageBytes,
    );
  };
  const check = (): void => {
    if (done < header.imageBytes)
      throw new ImageError(
        'truncated',
        `the image ends at byte ${done} of ${header.imageBytes}: copy it again, or capture again`,
      );
    if (!digest.matches())
      throw new ImageError(
        'corrupt',
        'the image is corrupt: its contents do not match their digest; copy it again, or capture again',
      );
  };
  if (openFile === null) {
    const kept = imageBytes(header.imageBytes);
    for await (const chunk of chunks) {
      take(chunk);
      kept.push(chunk);
    }
    check();
    return kept.open();
  }
  const file = await openFile();
  try {
    for await (const chunk of chunksOf(file, image)) take(chunk);
    check();
    return file.open();
  } catch (error) {
    file.close();
    throw error;
  }
}

/** All of the file; what cannot be read is left to the stream, which knows why. */
async function* chunksOf({ bytes, read }: ImageFile, { chunks }: ImageStream): AsyncGenerator<Uint8Array> {
  const room = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  for (; at < bytes; at += CHUNK_BYTES) {
    const chunk = room.subarray(0, Math.min(CHUNK_BYTES, bytes - at));
    if (!read(at, chunk)) break;
    yield chunk;
    await setImmediate();
  }
  let passed = 0;
  for await (const chunk of chunks) {
    // Its first chunk is there already, and returning closes it.
    if (at >= bytes) return;
    const unread = chunk.subarray(Math.max(0, Math.min(chunk.length, at - passed)));
    passed += chunk.length;
    if (unread.length > 0) yield unread;
  }
}

/**
 * Reads the graph of one isolate.
 * @throws {UnreadableHeapError} or {HeapTooLargeError}
 */
export function graphOf(
  memory: ImageMemory,
  isolate: Isolate,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<HeapGraph> {
  return checkedGraph(memory, isolate, (step) => {
    progress.stage(step === 'finding' ? 'finding the objects …' : 'reading the objects …');
    return pause(signal);
  });
}

/** For signals, and for the line of progress to appear. */
export async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
