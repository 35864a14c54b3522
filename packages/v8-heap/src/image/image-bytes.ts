/** An uncompressed image that arrives in pieces, kept in memory. */
import { ImageError } from '@afterimage/image/read';
import { openImageMemory, type ImageMemory } from './image-memory.js';

export interface ImageBytes {
  push: (chunk: Uint8Array) => void;
  /**
   * Once all of it has arrived.
   * @throws {ImageError}
   */
  open: () => ImageMemory;
  /** What has arrived, in its order. */
  chunks: () => Iterable<Uint8Array>;
  /** Whether `into` could be filled from there on. */
  read: (position: number, into: Uint8Array) => boolean;
}

const BLOCK_BYTES = 1 << 22;

/** @param most how large the image says that it is, in bytes: no more is kept */
export function imageBytes(most: number): ImageBytes {
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  const read = (position: number, into: Uint8Array): boolean => readFrom(blocks, bytes, position, into);
  return {
    push: (chunk) => {
      if (bytes + chunk.length > most)
        throw new ImageError('corrupt', `the image is corrupt: it goes on after its end, ${most} bytes`);
      for (let from = 0; from < chunk.length;) {
        const at = bytes % BLOCK_BYTES;
        if (at === 0) blocks.push(new Uint8Array(Math.min(BLOCK_BYTES, most - bytes)));
        const part = chunk.subarray(from, from + BLOCK_BYTES - at);
        blocks[blocks.length - 1].set(part, at);
        from += part.length;
        bytes += part.length;
      }
    },
    chunks: () => blocks,
    read,
    open: () => openImageMemory({ bytes, read }),
  };
}

function readFrom(blocks: readonly Uint8Array[], bytes: number, position: number, into: Uint8Array): boolean {
  if (position < 0 || position + into.length > bytes) return false;
  for (let done = 0; done < into.length;) {
    const at = position + done;
    const block = blocks[Math.floor(at / BLOCK_BYTES)];
    const part = block.subarray(at % BLOCK_BYTES, (at % BLOCK_BYTES) + into.length - done);
    into.set(part, done);
    done += part.length;
  }
  return true;
}
