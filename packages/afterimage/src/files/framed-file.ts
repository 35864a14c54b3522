/** A file that was compressed in frames, read at any position: only the frames that are needed are decompressed. */
import { framesIn, type Frame, type FrameFormat } from '@afterimage/image/frames';
import { decompress as unzstd } from 'fzstd';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as zlib from 'node:zlib';
import { compressionIn } from './compression.js';

export interface FramedFile {
  /** Of its contents. */
  bytes: number;
  /** Whether `into` could be filled from there on. */
  read(position: number, into: Uint8Array): boolean;
  close(): void;
}

const MAGIC_BYTES = 4;
/** Frames that are kept, of 1 MiB each: references lead back and forth between a few places. */
const MAX_KEPT = 16;

type Unzstd = (frame: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Unzstd };

/**
 * Opens the file; null if it is none that was compressed in frames.
 * @throws {Error} what the system says where it cannot be read
 */
export function openFramedFile(path: string): FramedFile | null {
  const descriptor = openSync(path, 'r');
  let framed: FramedFile | null = null;
  try {
    framed = framedFile(descriptor);
  } finally {
    if (framed === null) closeSync(descriptor);
  }
  return framed;
}

function framedFile(descriptor: number): FramedFile | null {
  const status = fstatSync(descriptor);
  if (!status.isFile()) return null;
  const readAt = (position: number, into: Uint8Array): boolean =>
    readSync(descriptor, into, 0, into.length, position) === into.length;
  const magic = Buffer.alloc(MAGIC_BYTES);
  const format = readAt(0, magic) ? compressionIn(magic) : null;
  const frames = format === null ? null : framesIn(format, status.size, readAt);
  if (format === null || frames === null || frames.length === 0) return null;
  const last = frames[frames.length - 1];
  /** The most recently used last. */
  const kept = new Map<Frame, Uint8Array>();

  function contentsOf(frame: Frame): Uint8Array | null {
    let contents = kept.get(frame) ?? null;
    if (contents === null) {
      const compressed = new Uint8Array(frame.bytes);
      contents = readAt(frame.at, compressed)
        ? decompressed(format as FrameFormat, compressed, frame.contents)
        : null;
      if (contents === null) return null;
      if (kept.size === MAX_KEPT) for (const oldest of [...kept.keys()].slice(0, 1)) kept.delete(oldest);
    }
    kept.delete(frame);
    kept.set(frame, contents);
    return contents;
  }

  const bytes = last.position + last.contents;
  return {
    bytes,
    read(position, into) {
      if (position < 0 || position + into.length > bytes) return false;
      for (let done = 0; done < into.length;) {
        const frame = frameAt(frames, position + done);
        const contents = contentsOf(frame);
        if (contents === null) return false;
        const part = contents.subarray(
          position + done - frame.position,
          position - frame.position + into.length,
        );
        into.set(part, done);
        done += part.length;
      }
      return true;
    },
    close: () => closeSync(descriptor),
  };
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
