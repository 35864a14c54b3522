/** A stored image that is read at any position as it was before it was compressed and encrypted. */
import { openEncrypted } from '@afterimage/image/encrypted-file';
import { isEncrypted, MAGIC_BYTES } from '@afterimage/image/encryption';
import type { ReadAt } from '@afterimage/image/frames';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { openFramed } from './framed-file.js';
import { BEGINNING_BYTES, isImage } from './stored-stream.js';

export interface SeekableFile {
  /** Of its contents. */
  bytes: number;
  /** Whether `into` could be filled from there on. */
  read: ReadAt;
  close: () => void;
}

/**
 * Opens an image that is as it was captured, compressed in frames, or encrypted; null for any other file.
 * @param identities the contents of identity files
 * @throws {Error} what the system says where it cannot be read
 * @throws {EncryptionError} if none of the identities is for it
 */
export async function openSeekable(
  path: string,
  identities: readonly string[],
): Promise<SeekableFile | null> {
  // Opening a named pipe would wait for its writer.
  if (!statSync(path).isFile()) return null;
  const descriptor = openSync(path, 'r');
  let contents: Omit<SeekableFile, 'close'> | null = null;
  try {
    const { size } = fstatSync(descriptor);
    const read: ReadAt = (position, into) =>
      readSync(descriptor, into, 0, into.length, position) === into.length;
    contents = await contentsOf({ bytes: size, read }, identities);
  } finally {
    if (contents === null) closeSync(descriptor);
  }
  return contents === null ? null : { ...contents, close: () => closeSync(descriptor) };
}

type Contents = Omit<SeekableFile, 'close'>;

async function contentsOf(file: Contents, identities: readonly string[]): Promise<Contents | null> {
  const beginning = Buffer.alloc(MAGIC_BYTES);
  if (!file.read(0, beginning)) return null;
  const clear = isEncrypted(beginning) ? await openEncrypted(file.bytes, file.read, identities) : file;
  if (clear === null) return null;
  const first = Buffer.alloc(BEGINNING_BYTES);
  if (clear.read(0, first) && isImage(first)) return clear;
  return openFramed(clear.bytes, clear.read);
}
