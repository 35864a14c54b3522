/**
 * Columns in memory that threads share, so that a graph can be worked on by several without a copy; in ordinary memory
 * where a browser does not permit that.
 */

export function sharedBytes(length: number): ArrayBufferLike {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length);
}

export function sharedCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(sharedBytes(bytes.length));
  copy.set(bytes);
  return copy;
}
