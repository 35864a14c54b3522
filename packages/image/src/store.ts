/**
 * Stores an image compressed, to be developed elsewhere: zstd where this Node.js has it (22.15, 23.8), else gzip.
 */
import type { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';

/** Of the compressed image to the raw one; seen: 0.18. A guess on the safe side, for the disk. */
export const COMPRESSED_SHARE = 0.4;

const CHUNK_BYTES = 64 * 1024;
/** ZSTD_c_compressionLevel */
const ZSTD_LEVEL = 100;

type CreateZstd = (options: { chunkSize: number; params: Record<number, number> }) => Transform;
const createZstd = (zlib as { createZstdCompress?: CreateZstd }).createZstdCompress;

export const STORED_ENDING: '.image.gz' | '.image.zst' =
  createZstd === undefined ? '.image.gz' : '.image.zst';

/** Level 1 of either: the image leaves the server sooner than it would at any better one. */
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
