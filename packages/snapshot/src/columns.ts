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

/**
 * Bytes, in half the memory while all of them are less than 4 GiB.
 * A column of the wider kind takes the place of the other as soon as one is more; see {@link widened}.
 */
export type Sizes = Uint32Array | Float64Array;

export const MAX_UINT32 = 0xffffffff;

export function widened(sizes: Sizes): Float64Array {
  const wide = float64Column(sizes.length);
  wide.set(sizes);
  return wide;
}

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
