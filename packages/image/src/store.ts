/**
 * Stores an image compressed, to be developed elsewhere: with zstd if this Node.js has it (22.15, 23.8), else
 * with gzip.
 */
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { frameCompressor, inFrames, type CompressFrame, type FrameFormat } from './frames.js';

const zstd = frameCompressor('zstd');

export const STORED_ENDING: '.image.gz' | '.image.zst' = zstd === null ? '.image.gz' : '.image.zst';

/**
 * Compresses the chunks into `output` and ends it.
 * @param format by default, the better one that this Node.js has
 * @param compress for a format that it has not
 */
export async function storeImage(
  chunks: AsyncIterable<Uint8Array>,
  output: Writable,
  signal: AbortSignal,
  format: FrameFormat = zstd === null ? 'gzip' : 'zstd',
  compress: CompressFrame | null = frameCompressor(format),
): Promise<void> {
  if (compress === null) throw new Error('this Node.js has no zstd');
  await pipeline(chunks, inFrames(format, compress), output, { signal });
}
