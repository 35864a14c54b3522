/** What goes wrong while developing: damaged images, a darkroom that is killed. Each is an error of one line. */
import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { develop } from '@afterimage/image/develop';
import { ImageError, parseImageHeader, readImage } from '@afterimage/image/read';
import {
  altered,
  assertEachAlterationIsTold,
  failureOf,
  hashOfSnapshot,
  numbersBelow,
  readBytes,
  take,
} from './altered-image.js';
import { unprivilegedProgram } from './unprivileged-darkroom.js';
import { nodeOf } from '../nodes.js';
import { playTarget } from '../targets/native-target.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-broken-'));
const image = path.join(directory, 'image');
after(() => rmSync(directory, { recursive: true }));
before(() => playTarget(nodeOf(24), 'sync', image));

describe('a broken image yields a one-line error', () => {
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
    await assert.rejects(hashOfSnapshot(unmappable, unprivilegedProgram(directory)), {
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
  const read = (): ReturnType<typeof readImage> => readImage(createReadStream(image));
  await assert.rejects(develop(await read(), sink(), { program: '/nowhere/darkroom' }), {
    code: 'program-missing',
  });
  const killed = develop(await read(), sink(), { onStart: (pid) => process.kill(pid, 'SIGKILL') });
  await assert.rejects(killed, { code: 'killed' });
  const abort = new AbortController();
  const aborted = develop(await read(), sink(), { signal: abort.signal, onProgress: () => abort.abort() });
  await assert.rejects(aborted, { code: 'aborted' });
});

test('an image that stops arriving fails after a time limit', async () => {
  const stuck = async function* (): AsyncGenerator<Uint8Array> {
    yield* altered(image, { end: 20e6 });
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
