/** An image whose header has been read, in a file or in standard input. */
import { readImage, type ImageStream } from '@afterimage/image/read';
import { CommandError } from '../cli/command-error.js';
import { inputName } from '../files/input-name.js';
import { openStored, plainImageFile } from '../files/stored-stream.js';

export interface OpenedImage {
  /** As the user calls it. */
  name: string;
  stream: ImageStream;
  /** The path where it lies uncompressed in a file; null elsewhere. */
  plainFile: string | null;
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
    plainFile: await plainImageFile(path),
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
