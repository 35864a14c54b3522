/**
 * Sets of nodes, edges or strings, a bit for each that there could be: small enough for a processor's cache
 * where a byte for each is not. Loops that live on it read the bits as `hasBit` does, in line.
 */
import { uint32Column } from './columns.js';

export type Bits = Uint32Array;

/** Without any of the `count`. */
export function noBits(count: number): Bits {
  return uint32Column(Math.ceil(count / 32));
}

export function hasBit(bits: Bits, index: number): boolean {
  return ((bits[index >>> 5] >>> (index & 31)) & 1) === 1;
}

export function setBit(bits: Bits, index: number): void {
  bits[index >>> 5] |= 1 << (index & 31);
}

/** A byte for each of the `count`: 1 for those of the set. */
export function bytesOf(bits: Bits, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let index = 0; index < count; index++) bytes[index] = (bits[index >>> 5] >>> (index & 31)) & 1;
  return bytes;
}
