/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012): a hash that without its key says nothing of what was hashed, not
 * even to somebody who tries candidates. Words of 64 bits are two of 32 here, which V8 computes fastest with.
 */
import { randomBytes } from 'node:crypto';

export interface KeyedHash {
  /** Begins another text. */
  begin(): void;
  /** Takes `bytes[from]` to `bytes[to - 1]`, the next part of the text. */
  update(bytes: Uint8Array, from: number, to: number): void;
  /** Puts the 64 bits of the hash into `low` and `high`. */
  end(): void;
  low: number;
  high: number;
}

export const KEY_BYTES = 16;
const ROUNDS_AT_THE_END = 3;

export function newKey(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

/** @throws {RangeError} when the key has not {@link KEY_BYTES} */
export function keyedHash(key: Uint8Array): KeyedHash {
  if (key.length !== KEY_BYTES) {
    throw new RangeError(`the key of a redaction has ${KEY_BYTES} bytes, not ${key.length}`);
  }
  const words = new DataView(key.buffer, key.byteOffset, KEY_BYTES);
  const start = new Int32Array(8);
  // Low word before high word: v0, v1, v2, v3.
  // prettier-ignore
  [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462]
    .forEach((constant, at) => (start[at] = constant ^ words.getInt32((at & 3) * 4, true)));
  const state = new Int32Array(8);
  /** The word that is not full yet. */
  const rest = new Uint8Array(8);
  let length = 0;

  function begin(): void {
    state.set(start);
    length = 0;
  }

  function update(bytes: Uint8Array, from: number, to: number): void {
    while (from < to && (length & 7) !== 0) {
      rest[length++ & 7] = bytes[from++];
      if ((length & 7) === 0) absorb(state, rest, 0, 8);
    }
    const end = from + ((to - from) & ~7);
    if (end > from) absorb(state, bytes, from, end);
    length += end - from;
    for (from = end; from < to; from++) rest[length++ & 7] = bytes[from];
  }

  function end(): void {
    for (let at = length & 7; at < 7; at++) rest[at] = 0;
    rest[7] = length;
    absorb(state, rest, 0, 8);
    state[4] ^= 0xff;
    rest.fill(0);
    // A word of zeros changes nothing but by its round.
    for (let round = 0; round < ROUNDS_AT_THE_END; round++) absorb(state, rest, 0, 8);
    hash.low = state[0] ^ state[2] ^ state[4] ^ state[6];
    hash.high = state[1] ^ state[3] ^ state[5] ^ state[7];
  }

  const hash: KeyedHash = { begin, update, end, low: 0, high: 0 };
  return hash;
}

/** Takes whole words, with one round each. Small letters are low words, capitals the high ones. */
function absorb(state: Int32Array, bytes: Uint8Array, at: number, end: number): void {
  let a = state[0];
  let A = state[1];
  let b = state[2];
  let B = state[3];
  let c = state[4];
  let C = state[5];
  let d = state[6];
  let D = state[7];
  for (; at < end; at += 8) {
    const low = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    const high = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
    d ^= low;
    D ^= high;

    let sum = (a + b) | 0;
    A = (A + B + (sum >>> 0 < a >>> 0 ? 1 : 0)) | 0;
    a = sum;
    let turned = (b << 13) | (B >>> 19);
    B = ((B << 13) | (b >>> 19)) ^ A;
    b = turned ^ a;
    turned = a;
    a = A;
    A = turned;

    sum = (c + d) | 0;
    C = (C + D + (sum >>> 0 < c >>> 0 ? 1 : 0)) | 0;
    c = sum;
    turned = (d << 16) | (D >>> 16);
    D = ((D << 16) | (d >>> 16)) ^ C;
    d = turned ^ c;

    sum = (a + d) | 0;
    A = (A + D + (sum >>> 0 < a >>> 0 ? 1 : 0)) | 0;
    a = sum;
    turned = (d << 21) | (D >>> 11);
    D = ((D << 21) | (d >>> 11)) ^ A;
    d = turned ^ a;

    sum = (c + b) | 0;
    C = (C + B + (sum >>> 0 < c >>> 0 ? 1 : 0)) | 0;
    c = sum;
    turned = (b << 17) | (B >>> 15);
    B = ((B << 17) | (b >>> 15)) ^ C;
    b = turned ^ c;
    turned = c;
    c = C;
    C = turned;

    a ^= low;
    A ^= high;
  }
  state[0] = a;
  state[1] = A;
  state[2] = b;
  state[3] = B;
  state[4] = c;
  state[5] = C;
  state[6] = d;
  state[7] = D;
}
