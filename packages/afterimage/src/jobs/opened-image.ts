/** An image whose header has been read, in a file or in standard input. */
import { readImage, type ImageStream } from '@afterimage/image/read';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { openImageMemory, type ImageMemory } from '@afterimage/v8-heap/image/image-memory';
import { CommandError } from '../cli/command-error.js';
import { inputName } from '../files/input-name.js';
import { openFramedFile } from '../files/framed-file.js';
import { openStored, plainImageFile } from '../files/stored-stream.js';

export interface OpenedImage {
  /** As the user calls it. */
  name: string;
  stream: ImageStream;
  /** Opens it to be read at any position; null for standard input, an encrypted file, or a single compressed stream. */
  openFile: (() => ImageMemory) | null;
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
  return {
    name: inputName(path),
    stream: await readImage(chunks),
    openFile: await openerOf(path),
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

async function openerOf(path: string): Promise<(() => ImageMemory) | null> {
  if (path === '-') return null;
  if ((await plainImageFile(path)) !== null) return () => openImageFile(path);
  const framed = openFramedFile(path);
  if (framed === null) return null;
  framed.close();
  return () => openFramedMemory(path);
}

function openFramedMemory(path: string): ImageMemory {
  const file = openFramedFile(path);
  if (file === null) throw new CommandError('failed', `${path} was changed while it was read`);
  try {
    return { ...openImageMemory(file), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}
