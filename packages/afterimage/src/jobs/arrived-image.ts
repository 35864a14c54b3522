/** An image that a target sends, kept in memory: nothing of it is written to a disk. */
import { formatBytes } from '@afterimage/host/format';
import type { ImageStream } from '@afterimage/image/read';
import { imageBytes } from '@afterimage/v8-heap/image/image-bytes';
import { Readable } from 'node:stream';
import type { ProgressLine } from '../cli/progress-line.js';
import type { OpenedImage } from './opened-image.js';

/**
 * Keeps an image in memory as it arrives, so that it can be read at any position, and again.
 * @param name of its target
 * @throws {ImageError} if it goes on after its end
 */
export async function arrivedImage(
  name: string,
  { header, chunks }: ImageStream,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<OpenedImage> {
  const kept = imageBytes(header.imageBytes);
  let done = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    kept.push(chunk);
    done += chunk.length;
    progress.show(
      `receiving the image: ${formatBytes(done)} of ${formatBytes(header.imageBytes)}`,
      done / header.imageBytes,
    );
  }
  const stream = (): ImageStream => ({ header, chunks: Readable.from(kept.chunks()) });
  return {
    name,
    stream: stream(),
    openFile: () =>
      Promise.resolve({ bytes: done, read: kept.read, open: kept.open, close: () => undefined }),
    // It is in memory already: what is free is less by that.
    keptBytes: 0,
    again: () => Promise.resolve(stream()),
  };
}

/** One that can be read once, as it arrives. */
export function passing(name: string, stream: ImageStream): OpenedImage {
  return {
    name,
    stream,
    openFile: null,
    keptBytes: stream.header.imageBytes,
    again: () => Promise.reject(new Error('an image that arrives can be read once')),
  };
}
