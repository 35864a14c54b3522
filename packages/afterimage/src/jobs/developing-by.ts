/** Develops an image by the way that was asked for. */
import type { ImageStream } from '@afterimage/image/read';
import type { Isolate } from '@afterimage/v8-heap/reader/isolates';
import { isMainThread } from '../cli/isolate-option.js';
import { checkRoom, developTo, type Developed, type Developing } from './developing.js';
import { readNeedBytes } from './image-graph.js';
import type { OpenedImage } from './opened-image.js';
import { readTo } from './reading-heap.js';
import { readerFirst, type Maker, type Way } from './ways.js';

export interface DevelopedBy extends Developed {
  by: Maker;
  /** Whose heap, and which others are in the image; null if V8's own generator developed it. */
  isolate: Isolate | null;
  others: readonly Isolate[];
}

/**
 * Develops.
 * @param output a path, or `-` for standard output
 * @param isolate whose heap, as `--isolate` says it; undefined for the main thread
 * @throws {CommandError} `refused` if memory or disk are too small
 * @throws {DevelopError}, {OutputError} or {ImageError}; {UnreadableHeapError} or {HeapTooLargeError} by the reader
 */
export async function developBy(
  way: Way,
  image: OpenedImage,
  output: string,
  developing: Developing,
  isolate: string | undefined,
): Promise<DevelopedBy> {
  const reading = (): Promise<DevelopedBy> => byReader(image, output, developing, isolate);
  const developed = (stream: ImageStream): Promise<DevelopedBy> => byV8(stream, output, developing);
  if (way === 'v8') return developed(image.stream);
  return way === 'reader' ? reading() : readerFirst(image, isolate, developing.progress, reading, developed);
}

async function byV8(image: ImageStream, output: string, developing: Developing): Promise<DevelopedBy> {
  if (!developing.force) await checkRoom(image.header, output);
  return { ...(await developTo(output, image, developing)), by: 'v8', isolate: null, others: [] };
}

async function byReader(
  { stream, openFile }: OpenedImage,
  output: string,
  developing: Developing,
  isolate: string | undefined,
): Promise<DevelopedBy> {
  const checkNeed = async (needed: number): Promise<void> => {
    if (!developing.force) await checkRoom(stream.header, output, undefined, needed);
  };
  if (isMainThread(isolate)) await checkNeed(readNeedBytes(stream.header, openFile));
  const read = await readTo(output, stream, openFile, developing, { isolate, checkNeed });
  return { ...read, by: 'reader' };
}
