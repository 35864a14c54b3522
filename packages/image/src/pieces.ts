/** Contents that lie in pieces, some of which are made only when they are needed, such as decompressed frames. */
import type { ReadAt } from './frames.js';

export interface Piece {
  /** Position of its first byte in the contents. */
  start: number;
  contents: Uint8Array;
}

/**
 * Reads across pieces.
 * @param bytes of all of them
 * @param pieceAt returns the piece that has the byte at a position; null where it cannot be made
 */
export function readPieces(bytes: number, pieceAt: (position: number) => Piece | null): ReadAt {
  return (position, into) => {
    if (position < 0 || position + into.length > bytes) return false;
    for (let done = 0; done < into.length;) {
      const piece = pieceAt(position + done);
      if (piece === null) return false;
      const from = position + done - piece.start;
      const part = piece.contents.subarray(from, from + into.length - done);
      into.set(part, done);
      done += part.length;
    }
    return true;
  };
}

/** Returns `make`, which is called again only for what is not among the `max` values that were used last. */
export function recentlyUsed<Key, Value>(
  max: number,
  make: (key: Key) => Value | null,
): (key: Key) => Value | null {
  /** The most recently used last. */
  const kept = new Map<Key, Value>();
  return (key) => {
    const value = kept.get(key) ?? make(key);
    if (value === null) return null;
    kept.delete(key);
    if (kept.size === max) for (const oldest of [...kept.keys()].slice(0, 1)) kept.delete(oldest);
    kept.set(key, value);
    return value;
  };
}
