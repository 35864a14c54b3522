/** Reads the bytes of a snapshot file, decompressed if necessary. */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';

const CHUNK_BYTES = 1 << 20;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Node has zstd from 22.15 and 23.8 on. */
const createZstdDecompress = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

export interface SnapshotFile {
  path: string;
  /** Detected from the first bytes, not from the name. A pipe counts as uncompressed. */
  compression: 'gzip' | 'zstd' | null;
  /** Size of the snapshot, known for a file that is not compressed. */
  bytes: number | null;
}

/**
 * Detects how a file is compressed.
 * @throws what opening or reading the file throws, and {Error} for a directory
 */
export async function inspectFile(path: string): Promise<SnapshotFile> {
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new Error(`${path} is a directory, not a heap snapshot`);
    if (!stats.isFile()) return { path, compression: null, bytes: null };
    const beginning = Buffer.alloc(4);
    await file.read(beginning, 0, 4, 0);
    if (beginning.subarray(0, 2).equals(GZIP)) return { path, compression: 'gzip', bytes: null };
    if (beginning.equals(ZSTD)) return { path, compression: 'zstd', bytes: null };
    return { path, compression: null, bytes: stats.size };
  } finally {
    await file.close();
  }
}

/**
 * Yields the bytes of a snapshot. Each chunk is valid until the next one is requested.
 * @throws what opening, reading or decompressing the file throws
 */
export async function* chunksOf({ path, compression, bytes }: SnapshotFile): AsyncGenerator<Uint8Array> {
  if (compression === null && bytes === null) {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
    return;
  }
  const file = await open(path, 'r');
  try {
    if (compression === 'gzip') yield* decompressed(file, path, zlib.createGunzip());
    else if (compression === 'zstd') yield* decompressed(file, path, zstd(path));
    else yield* plain(file);
  } finally {
    await file.close();
  }
}

/** Reads the next chunk while the caller processes the last one. */
async function* plain(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  let turn = 0;
  let reading = file.read(buffers[turn], 0, CHUNK_BYTES);
  for (;;) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return;
    turn = 1 - turn;
    reading = file.read(buffers[turn], 0, CHUNK_BYTES);
    reading.catch(() => undefined); // handled where it is awaited
    yield buffer.subarray(0, bytesRead);
  }
}

async function* decompressed(
  file: FileHandle,
  path: string,
  decompressor: Transform,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(plainCopies(file), { objectMode: false });
  source.on('error', (error) => decompressor.destroy(error));
  decompressor.on('close', () => source.destroy());
  try {
    yield* source.pipe(decompressor) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!/^Z_|^ZSTD_|^ERR_/.test(code)) throw error;
    throw new Error(`${path} cannot be decompressed (${message}): copy it again, or capture again`, {
      cause: error,
    });
  }
}

/** Yields copies, because a stream may keep more than one chunk. */
async function* plainCopies(file: FileHandle): AsyncGenerator<Uint8Array> {
  for await (const chunk of plain(file)) yield Buffer.from(chunk);
}

function zstd(path: string): Transform {
  if (createZstdDecompress) return createZstdDecompress();
  throw new Error(
    `${path} is compressed with zstd, which Node ${process.versions.node} cannot read: ` +
      `decompress it first, or use Node 22.15 or later`,
  );
}
