/**
 * The order of an image's contents: what the target modifies soonest comes first, what the child needs comes
 * last.
 */
import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import xxhash from 'xxhash-wasm';
import { failureOf, hashOfSnapshot } from './altered-image.js';
import { playTarget, type Played } from '../targets/native-target.js';
import { outerNodes } from '../nodes.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-order-'));
const imageOf = (major: number): string => path.join(directory, `${major}.image`);
const newest = Math.max(...outerNodes.map(({ major }) => major));
const texts = new Map<number, string>();
after(() => rmSync(directory, { recursive: true }));
before(async () => {
  for (const node of outerNodes) {
    const { end, text } = await playTarget<Played & { text: string }>(node, 'young', imageOf(node.major));
    assert.deepEqual(end, { exitCode: 0, signal: null });
    texts.set(node.major, text);
  }
});

const TABLE = 128;
const ENTRY = 56;
const SEGMENT_FILE = 0x00100000;

interface Segment {
  /** Of its entry in the segment table. */
  entry: number;
  isFile: boolean;
  offset: number;
  address: bigint;
  bytes: number;
}

/** Those with contents, by their place in the file. */
function segmentsOf(image: Buffer): Segment[] {
  const count = image.readUInt16LE(56);
  return Array.from({ length: count - 2 }, (_, at) => {
    const entry = TABLE + ENTRY * (at + 1);
    return {
      entry,
      isFile: (image.readUInt32LE(entry + 4) & SEGMENT_FILE) !== 0,
      offset: Number(image.readBigUInt64LE(entry + 8)),
      address: image.readBigUInt64LE(entry + 16),
      bytes: Number(image.readBigUInt64LE(entry + 32)),
    };
  })
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => one.offset - other.offset);
}

/** A new one begins where addresses go back. */
function turnsOf(segments: Segment[]): Segment[][] {
  const turns: Segment[][] = [];
  let last = Infinity as number | bigint;
  for (const segment of segments) {
    if (segment.address < last) turns.push([]);
    turns.at(-1)?.push(segment);
    last = segment.address;
  }
  return turns;
}

const startOf = ([first]: Segment[] = []): number => first?.offset ?? NaN;

for (const { major, version } of outerNodes) {
  test(`on Node ${version} the young generation comes early and files come last`, () => {
    const image = readFileSync(imageOf(major));
    const segments = segmentsOf(image);
    for (const [at, { offset, bytes }] of segments.entries())
      assert.equal(offset + bytes, segments[at + 1]?.offset ?? image.length - 40, 'without a gap');
    const turns = turnsOf(segments);
    assert.equal(turns.length, 4);
    const [collected, young, other, kept] = turns;
    // A copy may lie at the end of an older page, and so come sooner.
    const made = image.indexOf(texts.get(major) ?? '?', startOf(young));
    assert.ok(made !== -1, 'what was made last is there');
    assert.ok(made < startOf(other), 'what was made last comes soon');
    for (const turn of [collected, young, other]) assert.ok(turn?.every(({ isFile }) => !isFile));
    assert.ok(kept?.some(({ isFile }) => isFile));
  });
}

test('an image with all contents in ascending order develops to the same snapshot', async () => {
  const image = readFileSync(imageOf(newest));
  const segments = segmentsOf(image);
  const ascending = [...segments].sort((one, other) => (one.address < other.address ? -1 : 1));
  const file = await rearranged(image, ascending);
  const [one, other] = await Promise.all(
    [imageOf(newest), file].map((each) => hashOfSnapshot(createReadStream(each))),
  );
  assert.equal(one?.hash, other?.hash);
});

test('an image with contents in too many turns is rejected', async () => {
  const image = readFileSync(imageOf(newest));
  const file = await rearranged(image, segmentsOf(image).reverse());
  const { code, message } = await failureOf(file, {});
  assert.equal(code, 'corrupt');
  assert.match(message, /no contents are at the offset 0x/);
});

test('an image with two segments for the same contents is rejected', async () => {
  const image = readFileSync(imageOf(newest));
  const [first, second] = segmentsOf(image);
  assert.ok(first && second);
  image.writeBigUInt64LE(BigInt(first.offset), second.entry + 8);
  const file = await withItsDigest(image);
  const { code, message } = await failureOf(file, {});
  assert.equal(code, 'corrupt');
  assert.match(message, /no contents are at the offset 0x/);
});

/** The image with its contents in another order, and a digest of that. */
async function rearranged(image: Buffer, order: Segment[]): Promise<string> {
  const result = Buffer.from(image);
  let at = Math.min(...order.map(({ offset }) => offset));
  for (const { entry, offset, bytes } of order) {
    image.copy(result, at, offset, offset + bytes);
    result.writeBigUInt64LE(BigInt(at), entry + 8);
    at += bytes;
  }
  return withItsDigest(result);
}

async function withItsDigest(image: Buffer): Promise<string> {
  const hash = (await xxhash()).create64();
  image.writeBigUInt64LE(hash.update(image.subarray(0, -16)).digest(), image.length - 16);
  const file = path.join(directory, 'altered.image');
  writeFileSync(file, image);
  return file;
}
