/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012) of one word: without its key, which the heap has and no snapshot, an id tells
 * nothing of what it was made of, and no guess of that can be tried.
 */
export let idKey0: u64 = 0;
export let idKey1: u64 = 0;

let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

export function sipHash(word: u64): u64 {
  v0 = idKey0 ^ 0x736f6d6570736575;
  v1 = idKey1 ^ 0x646f72616e646f6d;
  v2 = idKey0 ^ 0x6c7967656e657261;
  v3 = idKey1 ^ 0x7465646279746573;
  absorb(word);
  // The length, in bytes, in the highest byte.
  absorb((<u64>8) << 56);
  v2 ^= 0xff;
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

function absorb(word: u64): void {
  v3 ^= word;
  round();
  v0 ^= word;
}

function round(): void {
  v0 += v1;
  v1 = rotl<u64>(v1, 13) ^ v0;
  v0 = rotl<u64>(v0, 32);
  v2 += v3;
  v3 = rotl<u64>(v3, 16) ^ v2;
  v0 += v3;
  v3 = rotl<u64>(v3, 21) ^ v0;
  v2 += v1;
  v1 = rotl<u64>(v1, 17) ^ v2;
  v2 = rotl<u64>(v2, 32);
}
