/** Develops an image by the way that was asked for. */
import type { ImageStream } from '@afterimage/image/read';
import { whyUnreadable } from '@afterimage/v8-heap/reader/why-unreadable';
import type { Isolate } from '@afterimage/v8-heap/reader/isolates';
import { isMainThread } from '../cli/isolate-option.js';
import { arrivedImage, passing } from './arrived-image.js';
import { checkRoom, developTo, type Developed, type Developing } from './developing.js';
import { mainReadNeedBytes } from './image-graph.js';
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

/**
 * Develops an image that a target sends. The reader needs all of it in memory; V8's own generator takes it as it comes.
 * @param target name of the target
 * @throws like {@link developBy}
 */
export async function developArriving(
  way: Way,
  target: string,
  image: ImageStream,
  output: string,
  developing: Developing,
): Promise<DevelopedBy> {
  const { header } = image;
  const { force, advice, signal, progress } = developing;
  if (way === 'v8') return byV8(image, output, developing);
  if (whyUnreadable(header) !== null)
    return developBy(way, passing(target, image), output, developing, undefined);
  if (!force) await checkRoom(header, output, advice, mainReadNeedBytes(header, header.imageBytes));
  return developBy(way, await arrivedImage(target, image, signal, progress), output, developing, undefined);
}

async function byV8(image: ImageStream, output: string, developing: Developing): Promise<DevelopedBy> {
  if (!developing.force) await checkRoom(image.header, output, developing.advice);
  return { ...(await developTo(output, image, developing)), by: 'v8', isolate: null, others: [] };
}

async function byReader(
  image: OpenedImage,
  output: string,
  developing: Developing,
  isolate: string | undefined,
): Promise<DevelopedBy> {
  const { header } = image.stream;
  const checkNeed = async (needed: number): Promise<void> => {
    if (!developing.force) await checkRoom(header, output, developing.advice, needed);
  };
  if (isMainThread(isolate)) await checkNeed(mainReadNeedBytes(header, image.keptBytes));
  const read = await readTo(output, image, developing, { isolate, checkNeed });
  return { ...read, by: 'reader' };
}
