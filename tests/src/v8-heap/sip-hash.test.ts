/** The hash that IDs are made by, against another way of computing it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compiledHeap } from '@afterimage/v8-heap/reader/compiled-heap';

const KEY = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n] as const;
const wrap = (word: bigint): bigint => BigInt.asUintN(64, word);
const rotated = (word: bigint, bits: bigint): bigint => wrap(word << bits) | (word >> (64n - bits));

/** Of eight bytes, as the paper has it: so many rounds a word, and so many at the end. */
function sipHash(message: bigint, [k0, k1]: readonly [bigint, bigint], each: number, last: number): bigint {
  let [v0, v1, v2, v3] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const rounds = (count: number): void => {
    for (let round = 0; round < count; round++) {
      v0 = wrap(v0 + v1);
      v2 = wrap(v2 + v3);
      v1 = rotated(v1, 13n) ^ v0;
      v3 = rotated(v3, 16n) ^ v2;
      v0 = rotated(v0, 32n);
      v2 = wrap(v2 + v1);
      v0 = wrap(v0 + v3);
      v1 = rotated(v1, 17n) ^ v2;
      v3 = rotated(v3, 21n) ^ v0;
      v2 = rotated(v2, 32n);
    }
  };
  for (const word of [message, 8n << 56n]) {
    v3 ^= word;
    rounds(each);
    v0 ^= word;
  }
  v2 ^= 0xffn;
  rounds(last);
  return v0 ^ v1 ^ v2 ^ v3;
}

test('the compiled hash is SipHash-1-3', () => {
  // The paper's test vector of SipHash-2-4, whose message is the bytes 0 to 7.
  assert.equal(sipHash(0x0706050403020100n, KEY, 2, 4), 0x93f5f5799a932462n);
  const compiled = compiledHeap();
  compiled.setWord('idKey0', KEY[0]);
  compiled.setWord('idKey1', KEY[1]);
  for (const message of [0n, 1n, 0x0706050403020100n, (1n << 64n) - 1n])
    assert.equal(
      wrap(compiled.sipHash(BigInt.asIntN(64, message))),
      sipHash(message, KEY, 1, 3),
      `${message}`,
    );
});
