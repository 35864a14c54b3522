/** What is wrong with a heap that cannot be read, in words, whatever it contains. */
import { UnknownLayoutError } from '../object-layout.js';

/** The heap cannot be read: this V8 is unknown, or something is not where it should be. The message says what. */
export class UnreadableHeapError extends Error {
  override name = 'UnreadableHeapError';
}

/**
 * Runs a step of reading. What is in an image may be damaged in any way: where that leads the compiled reader out of its
 * memory, or a length out of all bounds, the heap is at fault.
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
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError)
      throw new UnreadableHeapError(
        `the heap in the image contradicts itself, so that it cannot be read (${error.message})`,
        { cause: error },
      );
    throw error;
  }
}
