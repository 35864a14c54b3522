/** Developing images: the same snapshot each time, without privileges, and every failure with a message. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { develop } from '@afterimage/image/develop';
import { ImageError, parseImageHeader, readImage } from '@afterimage/image/read';
import xxhash from 'xxhash-wasm';
import {
  altered,
  assertEachAlterationIsTold,
  failureOf,
  hashOfSnapshot,
  numbersBelow,
  program,
  readBytes,
  take,
} from './altered-image.js';
import { playTarget } from '../targets/native-target.js';
import { nodes, nodeOf, outerNodes } from '../nodes.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-images-'));
after(() => rmSync(directory, { recursive: true }));
const imageOf = (major: number): string => path.join(directory, `${major}.image`);

before(async () => {
  for (const node of nodes) await playTarget(node, 'sync', imageOf(node.major));
});

for (const { major, version } of nodes) {
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

/** The darkroom as an ordinary user, without capabilities, where that takes root to arrange. */
function unprivilegedProgram(): string {
  if (process.getuid?.() !== 0) return program;
  const copy = path.join(directory, 'darkroom');
  const script = path.join(directory, 'unprivileged');
  copyFileSync(program, copy);
  chmodSync(directory, 0o755);
  writeFileSync(
    script,
    `#!/bin/sh
exec setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs '${copy}' "$@"
`,
    { mode: 0o755 },
  );
  return script;
}

test('developing needs no privilege', async () => {
  const unprivileged = await hashOfSnapshot(createReadStream(imageOf(24)), unprivilegedProgram());
  assert.equal(unprivileged.hash, (await hashOfSnapshot(createReadStream(imageOf(24)))).hash);
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

describe('a broken image yields a one-line error', () => {
  const image = imageOf(24);

  test('truncated at 20 places', async () => {
    const { size } = statSync(image);
    for (const end of take(20, numbersBelow(size, 20_260_101))) {
      const error = await failureOf(image, { end });
      assert.ok(['truncated', 'not-an-image'].includes(error.code), `cut at ${end}: ${error.code}`);
    }
  });

  test('altered at any byte of its header', () => {
    const beginning = readBytes(image, 0, 1 << 20);
    const sound = parseImageHeader(beginning);
    assert.ok('headerBytes' in sound);
    const header = beginning.subarray(0, sound.headerBytes);
    for (let at = 0; at < header.length; at++) {
      const was = header[at] ?? 0;
      for (const altered of [0, 0x7f, 0x80, 0xff]) {
        header[at] = altered;
        try {
          parseImageHeader(header);
        } catch (error) {
          assert.ok(error instanceof ImageError, `byte ${at} made ${altered}: ${String(error)}`);
        }
      }
      header[at] = was;
    }
  });

  test('altered at 30 places', { timeout: 300_000 }, async () => {
    await assertEachAlterationIsTold(image, 30);
  });

  test('of another format version', async () => {
    const { offset } = findProcessNote(image);
    const { code, message } = await failureOf(image, { offset, bytes: Uint8Array.of(1) });
    assert.equal(code, 'unsupported-format');
    assert.match(message, /of another version of Afterimage/);
  });

  test('of another architecture', async () => {
    for (const [machine, message] of [
      [183, /taken on arm64 and this machine is x64: develop it on Linux on arm64/],
      [243, /taken on riscv64; images of x64 and arm64 can be developed/],
    ] as const) {
      const otherImage = altered(image, { offset: 18, bytes: Uint8Array.of(machine, 0) });
      const sink = new Writable({ write: (_chunk, _encoding, callback) => callback() });
      const developed = readImage(otherImage).then((read) => develop(read, sink));
      await assert.rejects(developed, { code: 'wrong-architecture', message });
    }
    // The darkroom itself, for who runs it without the rest.
    const error = await failureOf(image, { offset: 18, bytes: Uint8Array.of(183, 0) });
    assert.equal(error.code, 'wrong-architecture');
    assert.match(error.message, /ELF machine 0x00000000000000b7/);
  });

  test('of a CPU with more features', async () => {
    const { offset } = findProcessNote(image);
    // cpu_features of struct image_process: no machine of today has both.
    const features = [
      { name: 'amx-tile', word: 4, bit: 24 },
      { name: 'sha512', word: 5, bit: 0 },
    ];
    const wordAt = ({ word }: { word: number }): number => offset + 24 + 4 * word;
    const bitsOf = (feature: { word: number }): number => readBytes(image, wordAt(feature), 4).readUInt32LE();
    const lacking = features.find((feature) => !(bitsOf(feature) & (1 << feature.bit)));
    assert.ok(lacking);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE((bitsOf(lacking) | (1 << lacking.bit)) >>> 0);
    const error = await failureOf(image, { offset: wordAt(lacking), bytes });
    assert.equal(error.code, 'missing-cpu-features');
    assert.match(error.message, new RegExp(`lacks ${lacking.name}`));
  });

  test("of an address that this machine's processes cannot map", async () => {
    // Below vm.mmap_min_addr: the first PT_LOAD segment's p_vaddr.
    const bytes = new Uint8Array(8);
    const unmappable = altered(image, { offset: 128 + 56 + 16, bytes });
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    await assert.rejects(hashOfSnapshot(unmappable, unprivilegedProgram()), {
      code: 'address-unavailable',
      message: /cannot be mapped.* 0x0000000000000000/,
    });
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  test('that is not an image', async () => {
    const noImage = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('{"snapshot":{"meta":{}}}'.repeat(100)));
    };
    await assert.rejects(hashOfSnapshot(noImage()), { code: 'not-an-image' });
  });
});

function findProcessNote(file: string): { offset: number } {
  const beginning = readBytes(file, 0, 1 << 20);
  const type = Buffer.from([0x01, 0x00, 0x46, 0x41]);
  const at = beginning.indexOf(Buffer.concat([type, Buffer.from('AFTERIMAGE\0')]));
  assert.ok(at > 0);
  return { offset: at + 4 + 12 };
}

test('a darkroom that cannot be started, or is killed, is reported', async () => {
  const sink = (): Writable => new Writable({ write: (_chunk, _encoding, callback) => callback() });
  const image = (): ReturnType<typeof readImage> => readImage(createReadStream(imageOf(24)));
  await assert.rejects(develop(await image(), sink(), { program: '/nowhere/darkroom' }), {
    code: 'program-missing',
  });
  const killed = develop(await image(), sink(), { onStart: (pid) => process.kill(pid, 'SIGKILL') });
  await assert.rejects(killed, { code: 'killed' });
  const abort = new AbortController();
  const aborted = develop(await image(), sink(), { signal: abort.signal, onProgress: () => abort.abort() });
  await assert.rejects(aborted, { code: 'aborted' });
});

test('an image that stops arriving fails after a time limit', async () => {
  const stuck = async function* (): AsyncGenerator<Uint8Array> {
    yield* altered(imageOf(24), { end: 20e6 });
    await new Promise(() => undefined);
  };
  const sink = new Writable({ write: (_chunk, _encoding, callback) => callback() });
  const keepAlive = setInterval(() => undefined, 1000);
  await assert.rejects(develop(await readImage(stuck()), sink, { stallMs: 500 }), {
    code: 'stalled',
    message: /stopped arriving/,
  });
  clearInterval(keepAlive);
});

test('a lock that a lost thread held is released', async () => {
  // Node 20 and 22 keep this symbol; the mutex lies behind the word that says whether it was made yet.
  for (const major of [20, 22] as const) {
    const symbols = spawnSync('nm', [nodeOf(major).path], { encoding: 'latin1', maxBuffer: 1 << 28 }).stdout;
    const address = /^([0-9a-f]+) . _ZN5cppgc8internal15g_process_mutexE$/m.exec(symbols)?.[1];
    assert.ok(address, 'the symbol of the lock');
    const image = readFileSync(imageOf(major));
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
    assert.ok(result.ghostLocks > 0, `Node ${major}: nothing waited for the lock`);
  }
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
