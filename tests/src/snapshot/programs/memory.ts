/** Bytes and text: buffers and their slices, typed arrays, strings of every representation V8 has, numbers. */
import { createHash } from 'node:crypto';
import { createContext, Script } from 'node:vm';
import { pseudoRandom } from './pseudo-random.js';

const { below, pick } = pseudoRandom(3);

/** A string that no other has a copy of. */
const fresh = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

export function build(): unknown {
  const numbers = Array.from({ length: 80 }, (_, at) => at);
  const long = numbers.map((at) => `${at} `.repeat(600));
  const sentence = 'The quick brown fox jumps over the lazy dog. '.repeat(30);
  const memory = new SharedArrayBuffer(4096);
  const buffer = new ArrayBuffer(1 << 16);
  return {
    pooled: numbers.map((at) => Buffer.from(`pooled ${at}`)),
    slices: numbers.map((at) => Buffer.alloc(20_000 + at).subarray(at, at + 10)),
    views: [
      new Uint8Array(buffer),
      new Float64Array(buffer, 8, 100),
      new DataView(buffer),
      new Int32Array(memory),
      new BigInt64Array(20),
      new Uint8ClampedArray(buffer, 10),
    ],
    empty: [Buffer.alloc(0), new ArrayBuffer(0), new Float32Array()],
    duplicates: numbers.flatMap((at) => [fresh(`duplicate ${at % 9}`), fresh(`düplicate ${at % 9}`)]),
    escaped: numbers.flatMap((at) => [fresh(`"\\\n\u0001\u{1f600}${at % 4}`), fresh(`\ud800${at % 4}`)]),
    truncated: numbers.flatMap((at) => [
      fresh(sentence + pick(['x', 'y']).repeat(at % 3)),
      fresh('é'.repeat(1100 + (at % 2))),
    ]),
    external: numbers.map((at) =>
      Buffer.alloc(1_100_000 + at, 'external')
        .toString('latin1')
        .slice(0, 30 + at),
    ),
    externalWide: numbers.slice(0, 4).map((at) => Buffer.alloc(1_200_000 + at, 'wide').toString('utf16le')),
    ropes: numbers.map((at) =>
      long.slice(0, (at % 20) + 2).reduce((rope, part) => rope + part + String(at), ''),
    ),
    sliced: numbers.map((at) => long[at]?.slice(5, 100 + at)),
    slicedRopes: numbers.map((at) => (long.slice(at).join('-') + sentence).slice(20, 60 + at)),
    interned: numbers.map((at) => Symbol.for(`interned ${at}`)),
    digests: numbers.map((at) =>
      createHash('sha256')
        .update(String(at))
        .digest(at % 2 ? 'hex' : 'base64'),
    ),
    doubles: numbers.map((at) => at / 3),
    doubleFields: numbers.map((at) => ({ at: at / 7, big: 2 ** 53 + at, smi: below(9) })),
    bigints: numbers.map((at) => BigInt(at + 1) ** 90n),
    dates: numbers.map((at) => new Date(at * 1e9)),
    expressions: numbers.map((at) => {
      const expression = new RegExp(`(?<name>x${at})|y`, 'giu');
      expression.exec(`x${at}`);
      return expression;
    }),
    context: createContext({ text: sentence }),
    script: new Script(`(function named() { return ${JSON.stringify(sentence)}; })`),
    urls: numbers.map((at) => new URL(`http://shop.test/${at}?q=${at}`)),
    texts: [new TextEncoder(), new TextDecoder(), new Intl.NumberFormat('de'), new Intl.Collator('sv')],
    collections: numbers.map((at) => [new Map([[at, sentence]]), new Set([at, `${at}`]), new Map()]),
  };
}
