/** Compares the digest at the end of an image with the content before it: see docs/image-format.md. */
import createHashes from 'xxhash-wasm';

export interface ImageDigest {
  push(chunk: Uint8Array): void;
  /** Tells whether the digest matches everything before it. */
  matches(): boolean;
}

/** struct image_digest in native/image_format.h: the hash, and a count that it does not include. */
const DIGEST_BYTES = 16;

export async function imageDigest(): Promise<ImageDigest> {
  const hash = (await createHashes()).create64();
  let tail = Buffer.alloc(0);
  return {
    push(chunk) {
      if (chunk.length < DIGEST_BYTES) {
        const bytes = Buffer.concat([tail, chunk]);
        const rest = Math.max(0, bytes.length - DIGEST_BYTES);
        hash.update(bytes.subarray(0, rest));
        tail = Buffer.from(bytes.subarray(rest));
        return;
      }
      hash.update(tail);
      hash.update(chunk.subarray(0, -DIGEST_BYTES));
      tail = Buffer.from(chunk.subarray(-DIGEST_BYTES));
    },
    matches: () => tail.length === DIGEST_BYTES && hash.digest() === tail.readBigUInt64LE(),
  };
}
