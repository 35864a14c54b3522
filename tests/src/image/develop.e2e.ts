/** Developing images: the same snapshot each time, without privileges, and every failure with a message. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { develop } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import xxhash from 'xxhash-wasm';
import { hashOfSnapshot } from './altered-image.js';
import { playTarget } from '../targets/native-target.js';
import { nodes, nodeOf, outerNodes } from '../nodes.js';
import { unprivilegedProgram } from './unprivileged-darkroom.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-images-'));
after(() => rmSync(directory, { recursive: true }));
const imageOf = (major: number): string => path.join(directory, `${major}.image`);

before(async () => {
  for (const node of nodes.filter(({ major }) => major !== 24))
    await playTarget(node, 'sync', imageOf(node.major));
});

for (const { major, version } of outerNodes) {
  test(`an image of Node ${version} gives the same snapshot, byte for byte, each time`, async () => {
    const first = await hashOfSnapshot(createReadStream(imageOf(major)));
    const second = await hashOfSnapshot(createReadStream(imageOf(major)));
    assert.ok(first.result.snapshotBytes > 1e6);
    assert.equal(first.hash, second.hash);
  });
}

test('on Node 20 each script has its line ends, so that V8 does not scan it again for each function', async () => {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      chunks.push(chunk);
      callback();
    },
  });
  await develop(await readImage(createReadStream(imageOf(20))), sink, { redact: 'none' });
  const { snapshot, edges, strings } = JSON.parse(Buffer.concat(chunks).toString()) as {
    snapshot: { meta: { edge_fields: string[]; edge_types: [string[]] } };
    edges: number[];
    strings: string[];
  };
  const { edge_fields, edge_types } = snapshot.meta;
  const internal = edge_types[0].indexOf('internal');
  const name = strings.indexOf('line_ends');
  let lineEnds = 0;
  for (let at = 0; at < edges.length; at += edge_fields.length)
    if (edges[at] === internal && edges[at + 1] === name) lineEnds++;
  assert.ok(lineEnds > 50, `${lineEnds} scripts have line ends`);
});

test("V8's own output does not get into the snapshot", async () => {
  for (const node of outerNodes) {
    const tracing = path.join(directory, `${node.major}-tracing.image`);
    await playTarget(node, 'tracing', tracing);
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        chunks.push(chunk);
        callback();
      },
    });
    await develop(await readImage(createReadStream(tracing)), sink, { redact: 'none' });
    const text = Buffer.concat(chunks).toString('latin1');
    assert.ok(text.startsWith('{"snapshot":{'), `Node ${node.version}: ${text.slice(0, 100)}`);
    assert.ok(Array.isArray((JSON.parse(text) as { nodes: unknown }).nodes));
    rmSync(tracing);
  }
});

test('developing needs no privilege', async () => {
  const unprivileged = await hashOfSnapshot(createReadStream(imageOf(26)), unprivilegedProgram(directory));
  assert.equal(unprivileged.hash, (await hashOfSnapshot(createReadStream(imageOf(26)))).hash);
});

test('the image runs in a sandbox, with only its output open', async () => {
  let status = '';
  let open: string[] = [];
  const onStart = (pid: number): void => {
    image.onTaking = () => {
      status ||= readFileSync(`/proc/${pid}/status`, 'latin1');
      // Only root may look at the descriptors of a process that is not dumpable.
      if (process.getuid?.() === 0)
        open = readdirSync(`/proc/${pid}/fd`).map((fd) =>
          readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\d+/, ''),
        );
    };
  };
  const image = { onTaking: (): void => undefined };
  const sink = new Writable({ write: (_chunk, _encoding, callback) => callback() });
  await develop(await readImage(createReadStream(imageOf(22))), sink, {
    onStart,
    onProgress: ({ phase }) => phase === 'taking' && image.onTaking(),
  });
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.deepEqual(
    new Set(open.filter((target) => !target.startsWith('socket:') && !target.startsWith('pipe:'))),
    new Set(open.length ? ['anon_inode:[eventfd]'] : []),
    open.join(' '),
  );
  assert.ok(
    open.length === 0 || open.filter((target) => !target.includes('eventfd')).length === 2,
    open.join(' '),
  );
});

test('a lock that a lost thread held is released', async () => {
  // Node 22 keeps this symbol; the mutex lies behind the word that says whether it was made yet.
  const symbols = spawnSync('nm', [nodeOf(22).path], { encoding: 'latin1', maxBuffer: 1 << 28 }).stdout;
  const address = /^([0-9a-f]+) . _ZN5cppgc8internal15g_process_mutexE$/m.exec(symbols)?.[1];
  assert.ok(address, 'the symbol of the lock');
  const image = readFileSync(imageOf(22));
  const once = offsetOf(image, BigInt(`0x${address}`));
  image.writeUInt8(2, once); // ONCE_STATE_DONE in V8's base/once.h
  const mutex = once + 8;
  const held = Buffer.alloc(16);
  held.writeInt32LE(1, 0); // locked
  held.writeInt32LE(4_000_000, 8); // by a thread that is not there
  held.writeInt32LE(1, 12);
  held.copy(image, mutex);
  const hasher = (await xxhash()).create64();
  const digest = hasher.update(image.subarray(0, image.length - 16)).digest();
  image.writeBigUInt64LE(digest, image.length - 16);
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(image);
  };
  const { result } = await hashOfSnapshot(stream());
  assert.ok(result.ghostLocks > 0, 'nothing waited for the lock');
});

/** Where the byte at a virtual address lies in the image (ELF program headers). */
function offsetOf(image: Buffer, address: bigint): number {
  const count = image.readUInt16LE(56);
  for (let i = 0; i < count; i++) {
    const header = 128 + 56 * i;
    const start = image.readBigUInt64LE(header + 16);
    const size = image.readBigUInt64LE(header + 32);
    if (image.readUInt32LE(header) === 1 && address >= start && address < start + size)
      return Number(image.readBigUInt64LE(header + 8) + address - start);
  }
  assert.fail(`no segment holds ${address.toString(16)}`);
}
