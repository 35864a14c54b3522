/**
 * The image as it comes out of the pipe, chunk by chunk, in bounded memory.
 */
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;

/**
 * V8 does not feel the weight of chunks outside of its heap in time, and would let 30 MB and more of spent
 * ones pile up; a sweep of the young generation, which is tiny here, takes well under a millisecond.
 */
const SWEEP_BYTES = 4e6;

/** Reads the descriptor to its end. `onEnd` gets the number of bytes that came, once all have been taken. */
export async function* imageChunks(fd: number, onEnd: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let unswept = 0;
  for await (const chunk of createReadStream('', { fd, highWaterMark: CHUNK_BYTES })) {
    const { length } = chunk as Uint8Array;
    bytes += length;
    unswept += length;
    if (unswept >= SWEEP_BYTES) {
      unswept = 0;
      globalThis.gc?.({ type: 'minor', execution: 'sync' } as never);
    }
    yield chunk as Uint8Array;
  }
  onEnd(bytes);
}
