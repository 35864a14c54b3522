/**
 * Columns of numbers in shared memory, so that a second thread works on them as they are. What nobody has
 * written to takes no memory yet.
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

/** Bytes of each node: a number of 32 bits where the largest fits into it. */
export type Sizes = Uint32Array | Float64Array;

export const MAX_UINT32 = 0xffffffff;

/** @throws {Error} with the figures, when there is no room */
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
