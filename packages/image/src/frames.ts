/**
 * Compresses in frames that can be decompressed each without the others, and says where they are, so that an image is
 * read at any position: docs/image-format.md. Decompressors that know nothing of it see an ordinary zstd or gzip file.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

export type FrameFormat = 'gzip' | 'zstd';
/** Makes one frame of zstd, or one member of gzip without extra fields. */
export type CompressFrame = (block: Uint8Array) => Promise<Uint8Array>;

/** Of what is compressed at once; the last frame has less. */
export const FRAME_BYTES: number = 1 << 20;

/** The skippable frame of zstd's seekable format (contrib/seekable_format in its repository). */
const SKIPPABLE_MAGIC = 0x184d2a5e;
const SEEKABLE_MAGIC = 0x8f92eab1;
const SKIPPABLE_HEADER_BYTES = 8;
/** Compressed and decompressed size. */
const ENTRY_BYTES = 8;
/** Number of frames, a descriptor, and the magic number. */
const FOOTER_BYTES = 9;

/** RFC 1952, section 2.3. */
const GZIP_HEADER_BYTES = 10;
const FLAGS_AT = 3;
const FEXTRA = 4;
/** Identifies the subfield with the member's size, which includes the field itself. */
const SUBFIELD = Buffer.from('AI', 'latin1');
const EXTRA_BYTES = 10;

/** ZSTD_c_compressionLevel */
const ZSTD_LEVEL = 100;

type Zstd = (
  block: Uint8Array,
  options: { params: Record<number, number> },
  done: (error: Error | null, frame: Uint8Array) => void,
) => void;

/** Level 1 for either: better ones would keep an image in the server for longer. Null if this Node.js has no zstd. */
export function frameCompressor(format: FrameFormat): CompressFrame | null {
  if (format === 'gzip') {
    const gzip = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.gzip);
    return (block) => gzip(block, { level: 1 });
  }
  // Node has it from 22.15 and 23.8 on.
  const { zstdCompress } = zlib as { zstdCompress?: Zstd };
  if (zstdCompress === undefined) return null;
  const compress = promisify(zstdCompress);
  return (block) => compress(block, { params: { [ZSTD_LEVEL]: 1 } });
}

/** A stage of a pipeline: one frame is compressed while the next fills. */
export function inFrames(
  format: FrameFormat,
  compress: CompressFrame,
): (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* (chunks) {
    const sizes: number[] = [];
    let waiting: { bytes: number; frame: Promise<Uint8Array> } | null = null;
    for await (const block of blocksOf(chunks)) {
      if (waiting !== null) yield await finished(waiting);
      const frame = compress(block);
      // Handled where it is awaited, unless the pipeline ends before.
      frame.catch(() => undefined);
      waiting = { bytes: block.length, frame };
    }
    if (waiting !== null) yield await finished(waiting);
    if (format === 'zstd') yield seekTable(sizes);

    async function finished({
      bytes,
      frame,
    }: {
      bytes: number;
      frame: Promise<Uint8Array>;
    }): Promise<Uint8Array> {
      const whole = format === 'gzip' ? sizedMember(await frame) : await frame;
      sizes.push(whole.length, bytes);
      return whole;
    }
  };
}

/** Of {@link FRAME_BYTES} each; a block is overwritten by the next but one. */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let [block, other] = [new Uint8Array(FRAME_BYTES), new Uint8Array(FRAME_BYTES)];
  let filled = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + FRAME_BYTES - filled);
      block.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < FRAME_BYTES) continue;
      yield block;
      [block, other] = [other, block];
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

function seekTable(sizes: readonly number[]): Uint8Array {
  const content = sizes.length * (ENTRY_BYTES / 2) + FOOTER_BYTES;
  const table = new DataView(new ArrayBuffer(SKIPPABLE_HEADER_BYTES + content));
  table.setUint32(0, SKIPPABLE_MAGIC, true);
  table.setUint32(4, content, true);
  sizes.forEach((size, index) => table.setUint32(SKIPPABLE_HEADER_BYTES + 4 * index, size, true));
  table.setUint32(table.byteLength - FOOTER_BYTES, sizes.length / 2, true);
  table.setUint32(table.byteLength - 4, SEEKABLE_MAGIC, true);
  return new Uint8Array(table.buffer);
}

/** With its size in an extra field. */
function sizedMember(member: Uint8Array): Uint8Array {
  const sized = Buffer.alloc(member.length + EXTRA_BYTES);
  sized.set(member.subarray(0, GZIP_HEADER_BYTES));
  sized[FLAGS_AT] = FEXTRA;
  sized.writeUInt16LE(EXTRA_BYTES - 2, GZIP_HEADER_BYTES);
  sized.set(SUBFIELD, GZIP_HEADER_BYTES + 2);
  sized.writeUInt16LE(4, GZIP_HEADER_BYTES + 4);
  sized.writeUInt32LE(sized.length, GZIP_HEADER_BYTES + 6);
  sized.set(member.subarray(GZIP_HEADER_BYTES), GZIP_HEADER_BYTES + EXTRA_BYTES);
  return sized;
}

/** A frame in the file, and what it decompresses to, in bytes. */
export interface Frame {
  at: number;
  bytes: number;
  /** Where its contents are in the whole. */
  position: number;
  contents: number;
}

/** Reads bytes of the file; false where it ends before. */
export type ReadAt = (position: number, into: Uint8Array) => boolean;

/** More would take too much memory for one. */
const MAX_CONTENTS = 1 << 24;
const MIN_MEMBER_BYTES = GZIP_HEADER_BYTES + EXTRA_BYTES + 8;

/** The frames of a file that {@link inFrames} wrote; null for any other. */
export function framesIn(format: FrameFormat, fileBytes: number, read: ReadAt): Frame[] | null {
  return format === 'zstd' ? zstdFrames(fileBytes, read) : gzipFrames(fileBytes, read);
}

function zstdFrames(fileBytes: number, read: ReadAt): Frame[] | null {
  const footer = new DataView(new ArrayBuffer(FOOTER_BYTES));
  if (fileBytes < FOOTER_BYTES || !read(fileBytes - FOOTER_BYTES, new Uint8Array(footer.buffer))) return null;
  const count = footer.getUint32(0, true);
  const tableBytes = SKIPPABLE_HEADER_BYTES + count * ENTRY_BYTES + FOOTER_BYTES;
  // A descriptor other than 0 means entries of another kind.
  if (footer.getUint32(5, true) !== SEEKABLE_MAGIC || footer.getUint8(4) !== 0 || tableBytes > fileBytes)
    return null;
  const table = new DataView(new ArrayBuffer(tableBytes));
  if (!read(fileBytes - tableBytes, new Uint8Array(table.buffer))) return null;
  if (table.getUint32(0, true) !== SKIPPABLE_MAGIC) return null;
  const frames: Frame[] = [];
  let [at, position] = [0, 0];
  for (let index = 0; index < count; index++) {
    const entry = SKIPPABLE_HEADER_BYTES + index * ENTRY_BYTES;
    const [bytes, contents] = [table.getUint32(entry, true), table.getUint32(entry + 4, true)];
    if (contents > MAX_CONTENTS || bytes > MAX_CONTENTS) return null;
    frames.push({ at, bytes, position, contents });
    at += bytes;
    position += contents;
  }
  return at === fileBytes - tableBytes ? frames : null;
}

/** From member to member, by the sizes at the beginning and the end of each. */
function gzipFrames(fileBytes: number, read: ReadAt): Frame[] | null {
  const header = Buffer.alloc(GZIP_HEADER_BYTES + EXTRA_BYTES);
  const size = Buffer.alloc(4);
  const frames: Frame[] = [];
  let position = 0;
  for (let at = 0; at < fileBytes;) {
    if (!read(at, header) || header[0] !== 0x1f || header[1] !== 0x8b || header[FLAGS_AT] !== FEXTRA)
      return null;
    if (!header.subarray(GZIP_HEADER_BYTES + 2, GZIP_HEADER_BYTES + 4).equals(SUBFIELD)) return null;
    const bytes = header.readUInt32LE(GZIP_HEADER_BYTES + 6);
    if (bytes < MIN_MEMBER_BYTES || bytes > MAX_CONTENTS || at + bytes > fileBytes) return null;
    if (!read(at + bytes - 4, size)) return null;
    const contents = size.readUInt32LE();
    if (contents > MAX_CONTENTS) return null;
    frames.push({ at, bytes, position, contents });
    at += bytes;
    position += contents;
  }
  return frames;
}
