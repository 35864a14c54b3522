/** Decompresses a stream, detected by its first bytes, not by the file's name. */
import type { FrameFormat } from '@afterimage/image/frames';
import { Decompress } from 'fzstd';
import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { zstdFrames } from './zstd-frames.js';

type Chunks = AsyncIterable<Uint8Array>;

/** Node has zstd from 22.15 and 23.8 on. */
const createZstd = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

interface Format {
  name: FrameFormat;
  magic: Buffer;
  decompress: (chunks: Chunks) => Chunks;
}

const formats: Format[] = [
  {
    name: 'zstd',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    decompress: (chunks) => (createZstd ? eachFrame(chunks, createZstd) : unzstd(chunks)),
  },
  {
    name: 'gzip',
    magic: Buffer.from([0x1f, 0x8b]),
    decompress: (chunks) => through(chunks, zlib.createGunzip()),
  },
];

/** The compressed data ends too early, or is invalid. */
export class CompressionError extends Error {
  override name = 'CompressionError';
}

/**
 * Yields the stream decompressed if it was compressed with zstd or gzip; otherwise unchanged.
 * @throws {CompressionError} while reading
 */
export async function* decompressed(source: Chunks): AsyncGenerator<Uint8Array> {
  const [beginning, rest] = await split(source, 4);
  const format = formatOf(beginning);
  if (format) yield* decompressedFrom(rest, format);
  else yield* rest;
}

/** Detects compression by the first four bytes. */
export function isCompressed(beginning: Buffer): boolean {
  return formatOf(beginning) !== undefined;
}

/** The same, and which it is; null for none. */
export function compressionIn(beginning: Buffer): FrameFormat | null {
  return formatOf(beginning)?.name ?? null;
}

function formatOf(beginning: Buffer): Format | undefined {
  return formats.find(({ magic }) => magic.equals(beginning.subarray(0, magic.length)));
}

async function* decompressedFrom(source: Chunks, { name, decompress }: Format): Chunks {
  try {
    yield* decompress(sourceErrorsKept(source));
  } catch (error) {
    if (error instanceof SourceError) throw error.original;
    const state = /unexpected (end of file|eof)/i.test(String(error)) ? 'truncated' : 'corrupt';
    const advice = 'copy it again, or capture again';
    throw new CompressionError(`the ${name} data is ${state}: ${advice}`, { cause: error });
  }
}

/** Marks errors of the source itself, so that they don't count as bad data. */
class SourceError extends Error {
  constructor(readonly original: unknown) {
    super('the source failed');
  }
}

async function* sourceErrorsKept(source: Chunks): Chunks {
  try {
    yield* source;
  } catch (error) {
    throw new SourceError(error);
  }
}

/** Returns the first `length` bytes or more, or all there are, and a stream of everything including them. */
export async function split(source: Chunks, length: number): Promise<[Buffer, Chunks]> {
  const iterator = source[Symbol.asyncIterator]();
  let beginning = Buffer.alloc(0);
  while (beginning.length < length) {
    const next = await iterator.next();
    if (next.done) break;
    beginning = Buffer.concat([beginning, next.value]);
  }
  return [beginning, rejoined(beginning, iterator)];
}

async function* rejoined(beginning: Uint8Array, rest: AsyncIterator<Uint8Array>): Chunks {
  try {
    if (beginning.length > 0) yield beginning;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function through(chunks: Chunks, decompressor: Transform): Chunks {
  const source = Readable.from(chunks, { objectMode: false });
  source.on('error', (error) => decompressor.destroy(error));
  decompressor.on('close', () => source.destroy());
  return source.pipe(decompressor) as Chunks;
}

/** Node's own decompressor, before version 26, may end after the first of several frames. */
async function* eachFrame(chunks: Chunks, create: () => Transform): Chunks {
  const frames = zstdFrames(chunks);
  try {
    while (await frames.hasMore()) yield* through(frames.next(), create());
  } finally {
    await frames.end();
  }
}

async function* unzstd(chunks: Chunks): Chunks {
  const ready: Uint8Array[] = [];
  const decompressor = new Decompress((chunk) => ready.push(chunk));
  for await (const chunk of chunks) {
    decompressor.push(chunk);
    yield* ready.splice(0);
  }
  decompressor.push(new Uint8Array(0), true);
  yield* ready.splice(0);
}
