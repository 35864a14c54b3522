/** An image whose header has been read: in a file, in standard input, or as it arrives from a target. */
import type { ReadAt } from '@afterimage/image/frames';
import { readImage, type ImageStream } from '@afterimage/image/read';
import { openImageMemory, type ImageMemory } from '@afterimage/v8-heap/image/image-memory';
import { CommandError } from '../cli/command-error.js';
import { inputName } from '../files/input-name.js';
import { openSeekable } from '../files/seekable-file.js';
import { openStored } from '../files/stored-stream.js';

/** An image that is read at any position, and all of it as it was captured. */
export interface ImageFile {
  bytes: number;
  read: ReadAt;
  /** @throws {ImageError} */
  open: () => ImageMemory;
  close: () => void;
}

export type OpenFile = () => Promise<ImageFile>;

export interface OpenedImage {
  /** As the user calls it. */
  name: string;
  stream: ImageStream;
  /** Opens it to be read at any position; null for standard input, or a single compressed stream. */
  openFile: OpenFile | null;
  /** How much of it reading will keep in memory, in bytes. */
  keptBytes: number;
  /**
   * The same from its beginning, once the stream has been read.
   * @throws {CommandError} if it was standard input
   */
  again: () => Promise<ImageStream>;
}

/**
 * Opens the image at `path`, or in standard input as `-`.
 * @param identities the contents of identity files
 * @throws like `openStored` and `readImage`
 */
export async function openImage(
  path: string,
  identities: readonly string[],
  signal?: AbortSignal,
): Promise<OpenedImage> {
  return imageOf(path, await openStored(path, identities, signal), identities, signal);
}

/** @param chunks what `openStored` yields for it */
export async function imageOf(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  identities: readonly string[],
  signal?: AbortSignal,
): Promise<OpenedImage> {
  const [stream, openFile] = [await readImage(chunks), await openerOf(path, identities)];
  return {
    name: inputName(path),
    stream,
    openFile,
    keptBytes: openFile === null ? stream.header.imageBytes : 0,
    again: async () => {
      if (path === '-')
        throw new CommandError(
          'failed',
          'standard input cannot be read a second time: give the image as a file',
        );
      return readImage(await openStored(path, identities, signal));
    },
  };
}

/** An empty file, and one of another kind, is told by reading it. */
async function openerOf(path: string, identities: readonly string[]): Promise<OpenFile | null> {
  if (path === '-') return null;
  const file = await openSeekable(path, identities);
  if (file === null) return null;
  file.close();
  return async () => {
    const again = await openSeekable(path, identities);
    if (again === null) throw new CommandError('failed', `${path} was changed while it was read`);
    const { bytes, read, close } = again;
    return { bytes, read, close, open: () => ({ ...openImageMemory(again), close }) };
  };
}
