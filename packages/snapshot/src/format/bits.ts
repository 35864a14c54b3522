/**
 * Sets of nodes, edges or strings with one bit per possible member: small enough for a processor's cache,
 * which a byte per member is not. Hot loops read the bits inline, as `hasBit` does.
 */
import { uint32Column } from './columns.js';

export type Bits = Uint32Array;

/** Returns an empty set for `count` possible members. */
export function noBits(count: number): Bits {
  return uint32Column(Math.ceil(count / 32));
}

export function hasBit(bits: Bits, index: number): boolean {
  return ((bits[index >>> 5] >>> (index & 31)) & 1) === 1;
}

export function setBit(bits: Bits, index: number): void {
  bits[index >>> 5] |= 1 << (index & 31);
}

/** Returns a byte for each of the `count` possible members: 1 if it is in the set. */
export function bytesOf(bits: Bits, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let index = 0; index < count; index++) bytes[index] = (bits[index >>> 5] >>> (index & 31)) & 1;
  return bytes;
}
