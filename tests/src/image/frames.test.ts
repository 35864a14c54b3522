/** Images are stored in frames that are found again and decompressed one by one; each Node reads them as a stream too. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FRAME_BYTES, framesIn, inFrames, type FrameFormat } from '@afterimage/image/frames';
import fc from 'fast-check';
import { frameCompressorOf } from '../../../packages/afterimage/dist/files/compressed-output.js';
import { compressionIn, decompressed } from '../../../packages/afterimage/dist/files/compression.js';
import { openSeekable } from '../../../packages/afterimage/dist/files/seekable-file.js';
import { nodes } from '../nodes.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-frames-'));
after(() => rmSync(directory, { recursive: true }));

/** Of two frames and a bit, which compress well, badly and not at all. */
const contents = Buffer.concat([
  Buffer.alloc(FRAME_BYTES, 'heap '),
  Buffer.from(
    Uint8Array.from({ length: FRAME_BYTES }, (_, index) => Math.imul(index, index ^ 0x9e3779b1) >>> 24),
  ),
  Buffer.alloc(70_001, 'end'),
]);

for (const format of ['gzip', 'zstd'] as const)
  describe(`frames of ${format}`, () => {
    test('are read at any position', async () => {
      const file = path.join(directory, `random.${format}`);
      writeFileSync(file, await stored(format));
      const framed = await openSeekable(file, []);
      assert.equal(framed?.bytes, contents.length);
      for (const [from, to] of [
        [0, 10],
        [FRAME_BYTES - 5, 2 * FRAME_BYTES + 5],
        [contents.length - 3, contents.length],
        [7, 7],
      ]) {
        const into = new Uint8Array((to ?? 0) - (from ?? 0));
        assert.ok(framed.read(from ?? 0, into));
        assert.ok(contents.subarray(from, to).equals(into));
      }
      assert.ok(!framed.read(contents.length - 3, new Uint8Array(4)));
      assert.ok(!framed.read(-1, new Uint8Array(4)));
      framed.close();
    });

    test('that are damaged are none, or give no wrong bytes', async () => {
      const whole = await stored(format);
      const file = path.join(directory, `damaged.${format}`);
      const damage = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), cut: fc.nat(3) });
      await fc.assert(
        fc.asyncProperty(damage, async ({ at, byte, cut }) => {
          const bytes = Buffer.from(whole);
          // Most bytes are of contents: every other time those that say where they are.
          const place = at % 2 === 0 ? at : format === 'zstd' ? whole.length - 1 - (at % 60) : at % 20;
          bytes[place] = byte;
          const left = cut === 0 ? bytes.subarray(0, at) : bytes;
          const frames = framesIn(
            format,
            left.length,
            (position, into) => left.copy(into, 0, position) === into.length,
          );
          for (const { at: start, bytes: length } of frames ?? []) assert.ok(start + length <= left.length);
          writeFileSync(file, left);
          const framed = await openSeekable(file, []);
          if (framed === null) return;
          const into = new Uint8Array(100);
          if (framed.read(FRAME_BYTES - 50, into) && format === 'gzip')
            assert.ok(contents.subarray(FRAME_BYTES - 50, FRAME_BYTES + 50).equals(into));
          framed.close();
        }),
        { numRuns: 40 },
      );
    });

    test('in one stream are not frames', async () => {
      const file = path.join(directory, `one.${format}`);
      const compress = await frameCompressorOf(format);
      writeFileSync(file, await compress(contents));
      assert.equal(await openSeekable(file, []), null);
      writeFileSync(file, 'neither');
      assert.equal(await openSeekable(file, []), null);
    });

    test('are one stream for every Node, which notices what is missing', async () => {
      const file = path.join(directory, `stream.${format}`);
      writeFileSync(file, await stored(format));
      const program = fileURLToPath(new URL('./decompress-program.js', import.meta.url));
      for (const { path: node } of nodes) {
        const { stdout } = await promisify(execFile)(node, [program, file]);
        assert.match(stdout, new RegExp(`^${contents.length} bytes\n.*the ${format} data is truncated`));
      }
      const back = await buffer(decompressed(chunksOf(readFileSync(file), 4099)));
      assert.ok(back.equals(contents));
      assert.equal(compressionIn(readFileSync(file)), format);
    });
  });

async function stored(format: FrameFormat): Promise<Buffer> {
  return buffer(inFrames(format, await frameCompressorOf(format))(chunksOf(contents, 65_000)));
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size)
    yield await Promise.resolve(bytes.subarray(from, from + size));
}
