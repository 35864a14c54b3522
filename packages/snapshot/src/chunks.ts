/** The bytes of a snapshot file: as it is, or with its compression taken off. */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Transform } from 'node:stream';

const CHUNK_BYTES = 1 << 20;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Node has its own from 22.15 and 23.8 on. */
const createZstdDecompress = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;

/**
 * Each chunk is valid until the next is asked for. Compression is told by the first bytes, not by the name.
 * @throws what opening or reading the file throws
 */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const beginning = Buffer.alloc(4);
    await file.read(beginning, 0, 4, 0);
    if (beginning.subarray(0, 2).equals(GZIP)) yield* decompressed(file, zlib.createGunzip());
    else if (beginning.equals(ZSTD)) yield* decompressed(file, zstd(path));
    else yield* plain(file);
  } finally {
    await file.close();
  }
}

/** Reads the next chunk while the last one is worked on. */
async function* plain(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  let turn = 0;
  let reading = file.read(buffers[turn], 0, CHUNK_BYTES);
  for (;;) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return;
    turn = 1 - turn;
    reading = file.read(buffers[turn], 0, CHUNK_BYTES);
    reading.catch(() => undefined); // met where it is awaited
    yield buffer.subarray(0, bytesRead);
  }
}

async function* decompressed(file: FileHandle, decompressor: Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(plainCopies(file), { objectMode: false });
  source.on('error', (error) => decompressor.destroy(error));
  decompressor.on('close', () => source.destroy());
  yield* source.pipe(decompressor) as AsyncIterable<Uint8Array>;
}

/** A stream may hold on to more than one chunk. */
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
