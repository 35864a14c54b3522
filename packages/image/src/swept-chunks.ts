/** Reads the image from the pipe chunk by chunk, in bounded memory. */
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;

/**
 * V8 does not notice in time how much memory chunks outside its heap take, and would let 30 MB or more of
 * used ones accumulate. Collecting the young generation, which is tiny here, takes well under a millisecond.
 */
const SWEEP_BYTES = 1e6;
/** Chunks that survived two young-generation collections need a full one: every so many collections. */
const FULL_SWEEPS = 32;

/** Yields the same chunks, and collects used ones as it goes (under `--expose-gc`). */
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

/**
 * Reads the descriptor to its end. `onEnd` receives the number of bytes read, after all have been consumed.
 */
export async function* imageChunks(fd: number, onEnd: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const source = createReadStream('', { fd, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
  for await (const chunk of swept(source)) {
    bytes += chunk.length;
    yield chunk;
  }
  onEnd(bytes);
}
