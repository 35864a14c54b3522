/** Sends a result out of the container, compressed, with the hash of what was sent. */
import { storeImage } from '@afterimage/image/store';
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { FrameOutput } from './frame-output.js';

/** Returns the hash in lowercase hex. */
export async function sendCompressed(
  chunks: AsyncIterable<Uint8Array>,
  output: FrameOutput,
  signal: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const hashed = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      output.data.write(chunk, done);
    },
  });
  await storeImage(chunks, hashed, signal);
  return { bytes, sha256: hash.digest('hex') };
}
