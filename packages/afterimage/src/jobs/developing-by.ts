/** Develops an image by the way that was asked for. */
import type { ImageStream } from '@afterimage/image/read';
import { checkRoom, developTo, type Developed, type Developing } from './developing.js';
import { readNeedBytes } from './image-graph.js';
import type { OpenedImage } from './opened-image.js';
import { readTo } from './reading-heap.js';
import { readerFirst, type Maker, type Way } from './ways.js';

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
  const reading = (): Promise<DevelopedBy> => byReader(image, output, developing);
  const developed = (stream: ImageStream): Promise<DevelopedBy> => byV8(stream, output, developing);
  if (way === 'v8') return developed(image.stream);
  return way === 'reader' ? reading() : readerFirst(image, developing.progress, reading, developed);
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
