/**
 * Columns of numbers in shared memory, so that a second thread can work on them without copying. Parts that
 * were never written take no memory yet.
 */

export function uint8Column(length: number): Uint8Array {
  return new Uint8Array(sharedBytes(length));
}

export function uint32Column(length: number): Uint32Array {
  return new Uint32Array(sharedBytes(length * 4));
}

export function int32Column(length: number): Int32Array {
  return new Int32Array(sharedBytes(length * 4));
}

export function float64Column(length: number): Float64Array {
  return new Float64Array(sharedBytes(length * 8));
}

/** Size of each node in bytes: 32-bit numbers if the largest fits. */
export type Sizes = Uint32Array | Float64Array;

export const MAX_UINT32 = 0xffffffff;

/**
 * Allocates shared memory.
 * @throws {Error} with the figures if there is not enough memory
 */
function sharedBytes(length: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(length);
  } catch {
    const megabytes = Math.ceil(length / 1e6);
    throw new Error(
      `not enough memory for this snapshot: one of its columns takes ${megabytes} MB; ` +
        'read it on a machine with more memory',
    );
  }
}
