/** An uncompressed image in a file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { openImageMemory, type ImageMemory } from './image-memory.js';

/**
 * @throws {ImageError}
 * @throws {Error} what the system says where the file cannot be read
 */
export function openImageFile(path: string): ImageMemory {
  const descriptor = openSync(path, 'r');
  const close = (): void => closeSync(descriptor);
  try {
    const memory = openImageMemory({
      bytes: fstatSync(descriptor).size,
      read: (position, into) => readSync(descriptor, into, 0, into.length, position) === into.length,
    });
    return { ...memory, close };
  } catch (error) {
    close();
    throw error;
  }
}
