/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012): without its key, the hash reveals nothing about the text, not
 * even to a search through candidates.
 */

const ROUNDS_AT_THE_END = 3;

let key0: u64 = 0;
let key1: u64 = 0;
let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;
/** Number of bytes hashed, and the last ones that do not fill a word yet. */
let taken: u64 = 0;
let rest: u64 = 0;

/** The last hash. */
export let hash: u64 = 0;

/** Sets the key from the 16 bytes at `from`. */
export function setKey(from: usize): void {
  key0 = load<u64>(from);
  key1 = load<u64>(from, 8);
}

/** Hashes the text from `from` to `to`; returns the low half of its hash. */
export function hashText(from: usize, to: usize): u32 {
  beginHash();
  updateHash(from, to);
  endHash();
  return hash as u32;
}

export function beginHash(): void {
  v0 = key0 ^ 0x736f_6d65_7073_6575;
  v1 = key1 ^ 0x646f_7261_6e64_6f6d;
  v2 = key0 ^ 0x6c79_6765_6e65_7261;
  v3 = key1 ^ 0x7465_6462_7974_6573;
  taken = 0;
  rest = 0;
}

/** Hashes the next part of the text. */
export function updateHash(from: usize, to: usize): void {
  while (from < to && (taken & 7) !== 0) {
    rest |= (load<u8>(from++) as u64) << (8 * (taken++ & 7));
    if ((taken & 7) === 0) {
      absorb(rest);
      rest = 0;
    }
  }
  taken += to - from;
  for (; from + 8 <= to; from += 8) absorb(load<u64>(from));
  if (from < to) rest = load<u64>(from) & (((1 as u64) << (8 * (to - from))) - 1);
}

export function endHash(): void {
  absorb(rest | (taken << 56));
  v2 ^= 0xff;
  for (let at = 0; at < ROUNDS_AT_THE_END; at++) round();
  hash = v0 ^ v1 ^ v2 ^ v3;
}

function absorb(word: u64): void {
  v3 ^= word;
  round();
  v0 ^= word;
}

function round(): void {
  v0 += v1;
  v2 += v3;
  v1 = rotl(v1, 13) ^ v0;
  v3 = rotl(v3, 16) ^ v2;
  v0 = rotl(v0, 32) + v3;
  v2 += v1;
  v3 = rotl(v3, 21) ^ v0;
  v1 = rotl(v1, 17) ^ v2;
  v2 = rotl(v2, 32);
}
