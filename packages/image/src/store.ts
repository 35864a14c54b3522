/**
 * Stores an image compressed, to be developed elsewhere: with zstd if this Node.js has it (22.15, 23.8), else
 * with gzip.
 */
import type { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';

/**
 * Assumed size of a compressed image relative to the raw one, for checking disk space. Measured: 0.18; this
 * is a cautious value.
 */
export const COMPRESSED_SHARE = 0.4;

const CHUNK_BYTES = 64 * 1024;
/** ZSTD_c_compressionLevel */
const ZSTD_LEVEL = 100;

type CreateZstd = (options: { chunkSize: number; params: Record<number, number> }) => Transform;
const createZstd = (zlib as { createZstdCompress?: CreateZstd }).createZstdCompress;

export const STORED_ENDING: '.image.gz' | '.image.zst' =
  createZstd === undefined ? '.image.gz' : '.image.zst';

/** Level 1 for either method: better ones would keep the image in the server for longer. */
function compressor(): Transform {
  if (createZstd === undefined) return zlib.createGzip({ level: 1, chunkSize: CHUNK_BYTES });
  return createZstd({ chunkSize: CHUNK_BYTES, params: { [ZSTD_LEVEL]: 1 } });
}

/** Compresses the chunks into `output` and ends it. */
export async function storeImage(
  chunks: AsyncIterable<Uint8Array>,
  output: Writable,
  signal: AbortSignal,
): Promise<void> {
  await pipeline(chunks, compressor(), output, { signal });
}
