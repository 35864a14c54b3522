/**
 * An age file that is read at any position: its payload is encrypted in chunks of 64 KiB, each by itself
 * (https://age-encryption.org/v1, section Payload).
 */
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { unwrapFileKey } from './encryption.js';
import type { ReadAt } from './frames.js';
import { readPieces, recentlyUsed, type Piece } from './pieces.js';

export interface DecryptedFile {
  /** Of its contents. */
  bytes: number;
  /** Whether `into` could be filled from there on: false where the file ends, was altered, or cannot be read. */
  read: ReadAt;
}

const CHUNK_BYTES = 1 << 16;
const TAG_BYTES = 16;
const SEALED_BYTES = CHUNK_BYTES + TAG_BYTES;
const NONCE_BYTES = 16;
const MAX_HEADER_BYTES = 1 << 20;
const HEADER_STEP_BYTES = 4096;
/** The line with the header's MAC ends it: `---`, a space, and 32 bytes in base64. */
const MAC_MARK = Buffer.from('\n--- ');
const MAC_BYTES = 44;
const CIPHER = 'chacha20-poly1305';
/** Chunks that are kept: frames of 1 MiB are decrypted as a whole. */
const MAX_KEPT = 32;

/**
 * Opens one.
 * @param fileBytes size of the file
 * @param identities the contents of identity files
 * @returns null if it is not such a file, is truncated at its end, or this Node.js has not the cipher
 * @throws {EncryptionError} if none of the identities is for it, or its header was altered
 */
export async function openEncrypted(
  fileBytes: number,
  read: ReadAt,
  identities: readonly string[],
): Promise<DecryptedFile | null> {
  const header = headerIn(fileBytes, read);
  if (header === null) return null;
  const nonce = new Uint8Array(NONCE_BYTES);
  const start = header.length + NONCE_BYTES;
  const sealed = fileBytes - start;
  const count = Math.max(1, Math.ceil(sealed / SEALED_BYTES));
  const bytes = sealed - count * TAG_BYTES;
  // Only an empty payload has an empty chunk.
  if (bytes < 0 || (count > 1 && bytes <= (count - 1) * CHUNK_BYTES) || !read(header.length, nonce))
    return null;
  const fileKey = await unwrapFileKey(header, identities);
  const key = new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
  const chunkOf = recentlyUsed(MAX_KEPT, (index: number): Piece | null => {
    const from = index * SEALED_BYTES;
    const encrypted = new Uint8Array(Math.min(SEALED_BYTES, sealed - from));
    const contents = read(start + from, encrypted)
      ? opened(key, index, index === count - 1, encrypted)
      : null;
    return contents === null ? null : { start: index * CHUNK_BYTES, contents };
  });
  // The last chunk is marked as such: a file that was cut between two chunks does not end in one.
  if (chunkOf(count - 1) === null) return null;
  return { bytes, read: readPieces(bytes, (position) => chunkOf(Math.floor(position / CHUNK_BYTES))) };
}

/** The header with its MAC; null if there is none. */
function headerIn(fileBytes: number, read: ReadAt): Uint8Array | null {
  const most = Math.min(fileBytes, MAX_HEADER_BYTES);
  for (let bytes = Math.min(HEADER_STEP_BYTES, most); ; bytes = Math.min(bytes * 2, most)) {
    const beginning = Buffer.alloc(bytes);
    if (!read(0, beginning)) return null;
    const mark = beginning.indexOf(MAC_MARK);
    const end = mark + MAC_MARK.length + MAC_BYTES;
    if (mark >= 0 && end <= bytes) return beginning[end - 1] === 0x0a ? beginning.subarray(0, end) : null;
    if (bytes === most) return null;
  }
}

/** Null if it was altered, or is not the chunk of that number. */
function opened(key: Uint8Array, index: number, isLast: boolean, encrypted: Uint8Array): Uint8Array | null {
  // 11 bytes of a counter, and whether it is the last.
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  try {
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(encrypted.subarray(encrypted.length - TAG_BYTES));
    const chunk = decipher.update(encrypted.subarray(0, encrypted.length - TAG_BYTES));
    decipher.final();
    return chunk;
  } catch {
    return null;
  }
}
