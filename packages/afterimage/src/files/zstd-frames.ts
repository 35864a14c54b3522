/** Finds where each frame of a zstd stream ends, as it arrives: RFC 8878, section 3.1. */

type Chunks = AsyncIterable<Uint8Array>;

export interface ZstdFrames {
  /** Whether there are bytes after the frames so far, other than skippable frames. */
  hasMore(): Promise<boolean>;
  /** Returns the bytes of the next frame, which must all be read; if none begins here, returns the rest of the stream. */
  next(): Chunks;
  end(): Promise<void>;
}

const MAGIC = 0xfd2fb528;
/** And the 15 after it. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_HEADER_BYTES = 8;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const RLE_BLOCK = 1;
const CHECKSUM_BYTES = 4;
/** Sizes of fields by the bits of the frame header's descriptor. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SIZE_BYTES = [0, 2, 4, 8];

export function zstdFrames(source: Chunks): ZstdFrames {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined, undefined>;
  let rest: Buffer = Buffer.alloc(0);

  /** Whether so many bytes are in `rest`. */
  async function has(length: number): Promise<boolean> {
    while (rest.length < length) {
      const read = await iterator.next();
      if (read.done === true) return false;
      const { value } = read;
      rest =
        rest.length === 0
          ? Buffer.from(value.buffer, value.byteOffset, value.length)
          : Buffer.concat([rest, value]);
    }
    return true;
  }

  /** @throws {Error} where the stream ends before; in the words of zlib, because Node 22 does not notice it */
  async function* passed(bytes: number): Chunks {
    while (bytes > 0) {
      if (!(await has(1))) throw new Error('unexpected end of file');
      const part = rest.subarray(0, bytes);
      rest = rest.subarray(part.length);
      bytes -= part.length;
      yield part;
    }
  }

  async function* remaining(): Chunks {
    while (await has(1)) yield* passed(rest.length);
  }

  async function hasMore(): Promise<boolean> {
    while ((await has(SKIPPABLE_HEADER_BYTES)) && isSkippable(rest)) {
      const bytes = SKIPPABLE_HEADER_BYTES + rest.readUInt32LE(MAGIC_BYTES);
      await drained(passed(bytes));
    }
    return has(1);
  }

  async function* next(): Chunks {
    if (!(await has(MAGIC_BYTES + 1)) || rest.readUInt32LE() !== MAGIC) {
      yield* remaining();
      return;
    }
    const descriptor = rest[MAGIC_BYTES];
    yield* passed(headerBytes(descriptor));
    for (let isLast = false; !isLast;) {
      if (!(await has(BLOCK_HEADER_BYTES))) throw new Error('unexpected end of file');
      const header = rest.readUIntLE(0, BLOCK_HEADER_BYTES);
      isLast = (header & 1) === 1;
      yield* passed(BLOCK_HEADER_BYTES + (((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3));
    }
    if ((descriptor & 4) !== 0) yield* passed(CHECKSUM_BYTES);
  }

  async function end(): Promise<void> {
    await iterator.return?.();
  }

  return { hasMore, next, end };
}

async function drained(chunks: Chunks): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

function isSkippable(bytes: Buffer): boolean {
  return (bytes.readUInt32LE() & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;
}

/** The magic number, the descriptor, and what follows according to it. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const size = SIZE_BYTES[descriptor >> 6];
  return (
    MAGIC_BYTES +
    1 +
    (isSingleSegment ? 0 : 1) +
    DICTIONARY_BYTES[descriptor & 3] +
    (size === 0 && isSingleSegment ? 1 : size)
  );
}
