/** An uncompressed image that arrives in pieces, kept in memory. */
import { ImageError } from '@afterimage/image/read';
import { readPieces, type Piece } from '@afterimage/image/pieces';
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
  const blocks: Piece[] = [];
  let bytes = 0;
  const pieceAt = (position: number): Piece => blocks[Math.floor(position / BLOCK_BYTES)];
  return {
    push: (chunk) => {
      if (bytes + chunk.length > most)
        throw new ImageError('corrupt', `the image is corrupt: it goes on after its end, ${most} bytes`);
      for (let from = 0; from < chunk.length;) {
        const at = bytes % BLOCK_BYTES;
        if (at === 0)
          blocks.push({ start: bytes, contents: new Uint8Array(Math.min(BLOCK_BYTES, most - bytes)) });
        const part = chunk.subarray(from, from + BLOCK_BYTES - at);
        blocks[blocks.length - 1].contents.set(part, at);
        from += part.length;
        bytes += part.length;
      }
    },
    chunks: () => blocks.map(({ contents }) => contents),
    read: (position, into) => readPieces(bytes, pieceAt)(position, into),
    open: () => openImageMemory({ bytes, read: readPieces(bytes, pieceAt) }),
  };
}
