/** What was compressed in frames, read at any position: only the frames that are needed are decompressed. */
import { framesIn, type Frame, type FrameFormat, type ReadAt } from '@afterimage/image/frames';
import { readPieces, recentlyUsed, type Piece } from '@afterimage/image/pieces';
import { decompress as unzstd } from 'fzstd';
import * as zlib from 'node:zlib';
import { compressionIn } from './compression.js';

export interface FramedFile {
  /** Of its contents. */
  bytes: number;
  /** Whether `into` could be filled from there on. */
  read: ReadAt;
}

const MAGIC_BYTES = 4;
/** Frames that are kept, of 1 MiB each: references lead back and forth between a few places. */
const MAX_KEPT = 64;
/** Of a smaller file all are kept, because all of it is read twice, for the digest first. */
const MAX_KEPT_WHOLE = 256;

type Unzstd = (frame: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Unzstd };

/**
 * Opens it; null if it is none that was compressed in frames.
 * @param fileBytes size of the compressed file
 * @param readAt reads of that
 */
export function openFramed(fileBytes: number, readAt: ReadAt): FramedFile | null {
  const magic = Buffer.alloc(MAGIC_BYTES);
  const format = readAt(0, magic) ? compressionIn(magic) : null;
  const frames = format === null ? null : framesIn(format, fileBytes, readAt);
  if (format === null || frames === null || frames.length === 0) return null;
  const maxKept = frames.length <= MAX_KEPT_WHOLE ? MAX_KEPT_WHOLE : MAX_KEPT;
  const last = frames[frames.length - 1];
  const pieceOf = recentlyUsed(maxKept, (frame: Frame): Piece | null => {
    const compressed = new Uint8Array(frame.bytes);
    const contents = readAt(frame.at, compressed) ? decompressed(format, compressed, frame.contents) : null;
    return contents === null ? null : { start: frame.position, contents };
  });
  const bytes = last.position + last.contents;
  return { bytes, read: readPieces(bytes, (position) => pieceOf(frameAt(frames, position))) };
}

/** Null if it does not decompress to so many bytes. */
function decompressed(format: FrameFormat, frame: Uint8Array, bytes: number): Uint8Array | null {
  try {
    const options = { maxOutputLength: Math.max(bytes, 1) };
    const contents =
      format === 'gzip'
        ? zlib.gunzipSync(frame, options)
        : zstdDecompressSync === undefined
          ? unzstd(frame, bufferOf(bytes))
          : zstdDecompressSync(frame, options);
    return contents.length === bytes ? contents : null;
  } catch {
    return null;
  }
}

/** fzstd compares its buffer with 1, for which it would become a text of all of its bytes. */
function bufferOf(bytes: number): Uint8Array {
  return Object.assign(new Uint8Array(bytes), { valueOf: () => NaN });
}

function frameAt(frames: readonly Frame[], position: number): Frame {
  let [low, high] = [0, frames.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (frames[middle].position <= position) low = middle;
    else high = middle - 1;
  }
  return frames[low];
}
