/** What an image says of its process besides the memory, and images of the format version before, which say less. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { readHeapFacts, readMappings } from '@afterimage/image/facts';
import { develop, DevelopError } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { readSymbols } from '@afterimage/v8-heap/needs/program-symbols';
import { checkCommitted, committedPages } from '@afterimage/v8-heap/reader/committed-pages';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import fc from 'fast-check';
import createHashes from 'xxhash-wasm';
import { nodeOf, nodes } from '../nodes.js';
import { playTarget } from '../targets/native-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

for (const node of nodes)
  test(`Node ${node.major}: the facts are those of the heap that is read`, async (t) => {
    const file = join(await temporaryDirectory(t), 'facts.image');
    await playTarget(node, 'lean', file);
    const memory = openImageFile(file);
    const { heap, mappings, symbols } = memory.facts;
    assert.ok(heap !== null && mappings !== null);
    const opened = openHeap(memory);
    assert.equal(heap.roots, opened.roots.address);
    assert.equal(heap.stack.start, memory.stackPointer);
    assert.ok(heap.stack.end - heap.stack.start > 1000 && heap.stack.end - heap.stack.start < 8 << 20);
    const { counted = 0, found = NaN } = committedPages(opened) ?? {};
    // V8 frees pages in threads of its own, too.
    assert.ok(Math.abs(found - counted) <= 1 << 20, `${found} bytes of pages, and V8 counted ${counted}`);
    checkCommitted(opened);
    const lacking = { ...opened, pages: opened.pages.filter((_, index) => index % 3 > 0) };
    const more = {
      ...heap,
      spaces: [...heap.spaces, { ...heap.spaces[0], name: 'old_space', size: 8 << 20 }],
    };
    const told = { ...memory, facts: { ...memory.facts, heap: more } };
    assert.throws(
      () => checkCommitted({ ...lacking, memory: told as typeof memory }),
      /V8 counted .* the reader finds/,
    );
    assert.ok(heap.spaces.some(({ name, used, size }) => name === 'old_space' && used > 1e6 && size >= used));

    const stack = mappings.find(({ start, end }) => start <= heap.stack.start && heap.stack.start < end);
    assert.ok(
      stack !== undefined && stack.anonymous > 0 && stack.rss >= stack.privateDirty,
      JSON.stringify(stack),
    );
    assert.ok(
      mappings.every(({ start, end }, index) => end > start && start >= (mappings[index - 1]?.end ?? 0)),
    );
    assert.ok([...readSymbols(symbols)].some(([name, at]) => name.startsWith('_ZTVN4node') && at > 0));
    memory.close();
  });

test('images of version 2 are read and developed, those of a later one are refused', async (t) => {
  const file = join(await temporaryDirectory(t), 'old.image');
  await playTarget(nodeOf(24), 'lean', file);
  const image = readFileSync(file);
  const v8 = openImageFile(file);
  assert.notEqual(v8.facts.heap, null);
  v8.close();

  await setVersion(image, 2);
  // The notes from 0x41460004 on are those of version 3.
  for (const type of [4, 5, 6]) image.writeUInt32LE(0x41460100 + type, noteAt(image, 0x41460000 + type));
  await seal(image);
  writeFileSync(file, image);
  const memory = openImageFile(file);
  assert.deepEqual(memory.facts, { heap: null, mappings: null, symbols: '' });
  assert.equal(committedPages(openHeap(memory)), null);
  memory.close();
  const { nodes: count } = await develop(await readImage(Readable.from([image])), devNull());
  assert.ok(count > 20_000);

  await setVersion(image, 4);
  const later = develop(await readImage(Readable.from([image])), devNull());
  await assert.rejects(
    later,
    (error) => error instanceof DevelopError && error.code === 'unsupported-format',
  );
});

test('notes of any contents are read, or are none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const note = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const { spaces = [] } = readHeapFacts(note) ?? {};
      assert.ok(spaces.length <= 16);
      assert.ok((readMappings(note) ?? []).length <= bytes.length / 40);
      assert.ok(readSymbols(Buffer.from(bytes).toString('latin1')).size >= 0);
    }),
  );
});

function devNull(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** Where the type of a note of ours is. */
function noteAt(image: Buffer, type: number): number {
  const wanted = Buffer.alloc(15);
  wanted.writeUInt32LE(type);
  wanted.write('AFTERIMAGE', 4);
  return image.indexOf(wanted);
}

async function setVersion(image: Buffer, version: number): Promise<void> {
  image.writeUInt32LE(version, noteAt(image, 0x41460001) + 4 + 12);
  await seal(image);
}

/** With the digest that belongs to its contents. */
async function seal(image: Buffer): Promise<void> {
  const hash = (await createHashes()).create64();
  hash.update(image.subarray(0, -16));
  image.writeBigUInt64LE(hash.digest(), image.length - 16);
}
