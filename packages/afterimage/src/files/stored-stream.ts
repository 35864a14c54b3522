/** Opens a file as the original stream of bytes, decompressed and decrypted. */
import { inputName } from './input-name.js';
import { decrypted, isArmored, isEncrypted, MAGIC_BYTES } from '@afterimage/image/encryption';
import { CommandError } from '../cli/command-error.js';
import { decompressed, split } from './compression.js';
import { openInput } from './input.js';

type Chunks = AsyncIterable<Uint8Array>;

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
/** Enough bytes to tell what a file is. */
export const BEGINNING_BYTES = ELF.length;

/**
 * Yields the contents of the file `path`, or of standard input as `-`.
 * @param identities the contents of identity files
 * @throws {CommandError} if it cannot be opened, or is encrypted and there is no identity
 * @throws {EncryptionError} or {CompressionError}, also while reading
 */
export async function openStored(
  path: string,
  identities: readonly string[],
  signal?: AbortSignal,
): Promise<Chunks> {
  return decompressed(await clear(await openInput(path, signal), path, identities));
}

/** Decrypts the stream if it is encrypted. */
export async function clear(source: Chunks, path: string, identities: readonly string[]): Promise<Chunks> {
  const [beginning, chunks] = await split(source, MAGIC_BYTES);
  if (!isEncrypted(beginning)) return chunks;
  const name = inputName(path);
  if (isArmored(beginning)) {
    throw new CommandError(
      'failed',
      `${name} is encrypted and armored: take both off with age, age -d ${name}`,
    );
  }
  if (identities.length === 0) {
    throw new CommandError(
      'failed',
      `${name} is encrypted: name the identity that reads it, --identity FILE`,
    );
  }
  return decrypted(chunks, identities);
}

export function isImage(beginning: Buffer): boolean {
  return beginning.subarray(0, ELF.length).equals(ELF);
}
