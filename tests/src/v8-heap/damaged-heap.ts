/** Heaps with something wrong in them: reading one gives a graph that holds together, or an error with words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ImageError } from '@afterimage/image/read';
import { openImageMemory, type ImageMemory, type RandomAccess } from '@afterimage/v8-heap/image/image-memory';
import { explainPages } from '@afterimage/v8-heap/reader/explain';
import { HeapTooLargeError } from '@afterimage/v8-heap/reader/load';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { readGraph, type HeapGraph } from '@afterimage/v8-heap/reader/read-graph';
import { UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import { numbersBelow } from '../image/altered-image.js';

export function accessTo(bytes: Uint8Array): RandomAccess {
  return {
    bytes: bytes.length,
    read: (position, into) => {
      if (position + into.length > bytes.length) return false;
      into.set(bytes.subarray(position, position + into.length));
      return true;
    },
  };
}

/** The target's own metadata does not say its V8. */
export function ofVersion(memory: ImageMemory, v8Version: string): ImageMemory {
  return { ...memory, metadata: { ...memory.metadata, v8Version } };
}

export function assertWellFormed({
  nodeCount,
  edgeCount,
  firstEdge,
  edgeTo,
  nodeName,
  stringCount,
}: HeapGraph): void {
  assert.equal(firstEdge[0], 0);
  assert.equal(firstEdge[nodeCount], edgeCount);
  assert.ok(firstEdge.every((edge, node) => node === 0 || edge >= (firstEdge[node - 1] ?? Infinity)));
  assert.ok(edgeTo.every((to) => to < nodeCount));
  assert.ok(nodeName.every((name) => name < stringCount));
}

/** What is written over a word: lengths and addresses that lead out of everything, or to another place of the heap. */
const WORDS = [
  ...[0n, 1n, 0xffffffffffffffffn, 0x7fffffff00000000n, 0xffffffffn, 0x7fffffffn, 0xffffffff00000000n],
  ...[0x0003ffff00000000n, 0x00007fffffffffffn],
];
const WORDS_A_PAGE = 512;
/** How many words are altered at a time. */
const COUNTS = [1, 100, 5000];

/** Alters words all over an image's heap, and then V8's own metadata in it, so many times. */
export function assertEachDamageIsTold(
  file: string,
  v8Version: string,
  times: number,
  read: (memory: ImageMemory) => void = readWhole,
): void {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = placesIn(bytes, v8Version);
  const random = numbersBelow(2 ** 31, 5);
  const below = (limit: number): number => (random.next().value as number) % limit;
  const another = (place: readonly number[]): number => place[below(place.length)] ?? 0;
  for (let time = 0; time < times; time++) {
    const kind = another([0, 0, 1, 2]);
    const old = new Map<number, bigint>();
    for (let count = another(COUNTS); count > 0; count--) {
      const at = another(places[kind] ?? []) + (kind === 0 ? 8 * below(WORDS_A_PAGE) : 0);
      if (at + 8 > bytes.length) continue;
      if (!old.has(at)) old.set(at, view.getBigUint64(at, true));
      const pick = below(WORDS.length + 4);
      const word = WORDS[pick] ?? view.getBigUint64(another(places[0] ?? []), true);
      view.setBigUint64(at, word, true);
    }
    assertReadOrTold(bytes, v8Version, `damage ${time}, of kind ${kind}`, read);
    for (const [at, word] of old) view.setBigUint64(at, word, true);
  }
}

/** Makes a length of all objects of a type lead out of the heap. */
export function assertLengthsAreTold(file: string, v8Version: string, type: string, lengthAt: number): void {
  const bytes = readFileSync(file);
  const { memory, positionOf } = withPositions(bytes, v8Version);
  const { compiled, pages, types } = openHeap(memory);
  const wanted = types.of(type);
  let altered = 0;
  for (const { start, end } of pages) {
    const words = new BigUint64Array((end - start) / 8);
    // A page that was never used to its end is not all in the image.
    if (!memory.read(start, new Uint8Array(words.buffer))) continue;
    words.forEach((word, index) => {
      const map = compiled.mapNamed(word);
      if (map === 0 || compiled.typeOf(map) !== wanted) return;
      for (const at of positionOf(start + 8 * index + lengthAt)) Buffer.from(LONG).copy(bytes, at);
      altered++;
    });
  }
  assert.ok(altered > 0, `there is no ${type}`);
  assertReadOrTold(bytes, v8Version, `lengths of ${type}`);
}

/** As a number of 32 bits, and as a small integer, which is kept in the upper half of a word. */
const LONG = Uint8Array.of(0xf0, 0xff, 0xff, 0x0f, 0xf0, 0xff, 0xff, 0x0f);

function readWhole(memory: ImageMemory): void {
  const heap = openHeap(memory);
  assertWellFormed(readGraph(heap));
  explainPages(heap);
}

function assertReadOrTold(bytes: Uint8Array, v8Version: string, what: string, read = readWhole): void {
  try {
    read(ofVersion(openImageMemory(accessTo(bytes)), v8Version));
  } catch (error) {
    const isTold = [ImageError, UnreadableHeapError, HeapTooLargeError].some((kind) => error instanceof kind);
    assert.ok(isTold && error instanceof Error, `${what}: ${String(error)}`);
    assert.match(error.message, /^.{20,200}$/, what);
  }
}

/** The image, with where in it a word of memory is: nowhere, or at one place. */
function withPositions(
  bytes: Uint8Array,
  v8Version: string,
): { memory: ImageMemory; positionOf: (address: number) => number[]; read: Read[] } {
  const read: Read[] = [];
  const access = accessTo(bytes);
  const noting: RandomAccess = {
    ...access,
    read: (position, into) => {
      read.push({ position, bytes: into.length });
      return access.read(position, into);
    },
  };
  const memory = ofVersion(openImageMemory(noting), v8Version);
  const positionOf = (address: number): number[] => {
    read.length = 0;
    return memory.read(address, new Uint8Array(8)) ? read.map(({ position }) => position) : [];
  };
  return { memory, positionOf, read };
}

interface Read {
  position: number;
  bytes: number;
}

/** Where in the image things are: pages of the heap, headers of pages with the isolate, and V8's metadata. */
function placesIn(bytes: Uint8Array, v8Version: string): number[][] {
  const { memory, positionOf, read } = withPositions(bytes, v8Version);
  const { pages, roots } = openHeap(memory);
  const metadata = read.filter((each) => each.bytes === 4).map(({ position }) => position - (position % 8));
  const words = pages.flatMap(({ start, end }) =>
    Array.from({ length: Math.ceil((end - start) / 4096) }, (_, page) => start + page * 4096),
  );
  const headers = pages.flatMap(({ address }) => Array.from({ length: 14 }, (_, word) => address + 8 * word));
  const isolate = Array.from({ length: 2000 }, (_, word) => roots.address + 8 * (word - 100));
  return [words.flatMap(positionOf), [...headers, ...isolate].flatMap(positionOf), metadata];
}
