/** Develops an image by the way that was asked for. */
import type { ImageStream } from '@afterimage/image/read';
import { checkRoom, developTo, type Developed, type Developing } from './developing.js';
import { readNeedBytes } from './image-graph.js';
import type { OpenedImage } from './opened-image.js';
import { readTo } from './reading-heap.js';
import { fallBack, isUnreadable, whyUnreadable, type Maker, type Way } from './ways.js';

export interface DevelopedBy extends Developed {
  by: Maker;
}

/**
 * Develops.
 * @param output a path, or `-` for standard output
 * @throws {CommandError} `refused` if memory or disk are too small
 * @throws {DevelopError}, {OutputError} or {ImageError}; {UnreadableHeapError} or {HeapTooLargeError} by the reader
 */
export async function developBy(
  way: Way,
  image: OpenedImage,
  output: string,
  developing: Developing,
): Promise<DevelopedBy> {
  const { name, stream, again } = image;
  if (way === 'v8') return byV8(stream, output, developing);
  if (way === 'reader') return byReader(image, output, developing);
  const why = whyUnreadable(stream.header);
  if (why !== null) {
    fallBack(name, stream.header, why, developing.progress);
    return byV8(stream, output, developing);
  }
  try {
    return await byReader(image, output, developing);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    fallBack(name, stream.header, error.message, developing.progress);
    return byV8(await again(), output, developing);
  }
}

async function byV8(image: ImageStream, output: string, developing: Developing): Promise<DevelopedBy> {
  if (!developing.force) await checkRoom(image.header, output);
  return { ...(await developTo(output, image, developing)), by: 'v8' };
}

async function byReader(
  { stream, openFile }: OpenedImage,
  output: string,
  developing: Developing,
): Promise<DevelopedBy> {
  const needed = readNeedBytes(stream.header, openFile);
  if (!developing.force) await checkRoom(stream.header, output, undefined, needed);
  return { ...(await readTo(output, stream, openFile, developing)), by: 'reader' };
}
