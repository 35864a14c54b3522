/** What is wrong with a heap that cannot be read, in words, whatever it contains. */
import { UnknownLayoutError } from '../object-layout.js';

/** The heap cannot be read: this V8 is unknown, or something is not where it should be. The message says what. */
export class UnreadableHeapError extends Error {
  override name = 'UnreadableHeapError';
}

/** A worker's heap cannot be read because its thread was collecting garbage: objects were on their way. */
export class CollectingHeapError extends UnreadableHeapError {
  override name = 'CollectingHeapError';
}

/** V8 on a buffer that it cannot allocate. */
const NO_MEMORY = /allocat/i;

/**
 * Runs a step of reading, and puts into words what no check foresaw: the compiled reader left its memory, or a length
 * is out of all bounds. The image may be damaged, or the table of its V8 wrong; nothing here tells which, so the message
 * names both, and the cause has the place in the code.
 * @throws {UnreadableHeapError}
 */
export function readStep<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof UnknownLayoutError)
      throw new UnreadableHeapError(`the V8 in the image is not as its version says: ${error.message}`, {
        cause: error,
      });
    if (error instanceof RangeError && NO_MEMORY.test(error.message))
      throw new UnreadableHeapError(`there is not enough memory to read the heap (${error.message})`, {
        cause: error,
      });
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError)
      throw new UnreadableHeapError(
        `the heap in the image is damaged, or not as the reader knows this V8 (${error.message})`,
        { cause: error },
      );
    throw error;
  }
}
