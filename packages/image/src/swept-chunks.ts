/**
 * The image as it comes out of the pipe, chunk by chunk, in bounded memory.
 */
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;

/**
 * V8 does not feel the weight of chunks outside of its heap in time, and would let 30 MB and more of spent
 * ones pile up; a sweep of the young generation, which is tiny here, takes well under a millisecond.
 */
const SWEEP_BYTES = 1e6;
/** Chunks that two sweeps found in use are out of their reach: each so many, everything is swept. */
const FULL_SWEEPS = 32;

/** The same chunks, with the spent ones swept away (under `--expose-gc`). */
export async function* swept(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unswept = 0;
  let sweeps = 0;
  for await (const chunk of chunks) {
    unswept += chunk.length;
    if (unswept >= SWEEP_BYTES) {
      unswept = 0;
      const type = ++sweeps % FULL_SWEEPS === 0 ? 'major' : 'minor';
      globalThis.gc?.({ type, execution: 'sync' } as never);
    }
    yield chunk;
  }
}

/** Reads the descriptor to its end. `onEnd` gets the number of bytes that came, once all have been taken. */
export async function* imageChunks(fd: number, onEnd: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const source = createReadStream('', { fd, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
  for await (const chunk of swept(source)) {
    bytes += chunk.length;
    yield chunk;
  }
  onEnd(bytes);
}
