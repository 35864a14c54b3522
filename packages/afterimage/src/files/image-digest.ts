/** The digest at the end of an image, compared with what comes before it: see docs/image-format.md. */
import createHashes from 'xxhash-wasm';

export interface ImageDigest {
  push(chunk: Uint8Array): void;
  /** Whether the digest is that of all that came before it. */
  matches(): boolean;
}

/** struct image_digest in native/image_format.h: the hash, and a count that is not in it. */
const DIGEST_BYTES = 16;

export async function imageDigest(): Promise<ImageDigest> {
  const hash = (await createHashes()).create64();
  let tail = Buffer.alloc(0);
  return {
    push(chunk) {
      const bytes = Buffer.concat([tail, chunk]);
      const rest = Math.max(0, bytes.length - DIGEST_BYTES);
      hash.update(bytes.subarray(0, rest));
      tail = Buffer.from(bytes.subarray(rest));
    },
    matches: () => tail.length === DIGEST_BYTES && hash.digest() === tail.readBigUInt64LE(),
  };
}
