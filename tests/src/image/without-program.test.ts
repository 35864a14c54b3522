/**
 * Images that leave out the program's file, as they go straight into a darkroom on the same machine: they
 * are much smaller, and give the same snapshot with that file.
 */
import assert from 'node:assert/strict';
import { closeSync, createReadStream, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { develop, DevelopError } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import { nodes, nodeOf, outerNodes } from '../nodes.js';
import { playTarget, type Played } from '../targets/native-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

/** Offset, address and sizes of a PT_LOAD segment in its table (elf.h). */
function segmentAt(image: Buffer, address: number): { fileBytes: number; memoryBytes: number } | null {
  for (let at = 128 + 56; image.readUInt32LE(at) === 1; at += 56)
    if (image.readBigUInt64LE(at + 16) === BigInt(address))
      return {
        fileBytes: Number(image.readBigUInt64LE(at + 32)),
        memoryBytes: Number(image.readBigUInt64LE(at + 40)),
      };
  return null;
}

async function snapshotOf(file: string, program?: number): Promise<string> {
  const output = new PassThrough();
  const text = buffer(output);
  const image = { ...(await readImage(createReadStream(file))), program };
  await develop(image, output, { redact: 'none' });
  output.end();
  return (await text).toString();
}

for (const node of outerNodes) {
  test(`Node ${node.major}: the snapshot is complete, and the image has only changed pages`, async (t) => {
    const directory = await temporaryDirectory(t);
    const [whole, small] = [join(directory, 'whole.image'), join(directory, 'small.image')];
    await playTarget(node, 'sync', whole);
    const { end, changed } = await playTarget<Played & { changed: number }>(node, 'without-program', small);
    assert.deepEqual(end, { exitCode: 0, signal: null });
    const [most, least] = [statSync(whole).size, statSync(small).size];
    assert.ok(least < most / 2, `${least} of ${most} bytes`);
    assert.deepEqual(segmentAt(readFileSync(small), changed), { fileBytes: 4096, memoryBytes: 4096 });

    const program = openSync(node.path, 'r');
    const snapshot = await snapshotOf(small, program);
    assert.equal(await snapshotOf(small, program), snapshot, 'the same each time');
    closeSync(program);
    const { strings } = JSON.parse(snapshot) as { strings: string[] };
    assert.ok(strings.includes('ballast '));
  });
}

describe('an image without its program', () => {
  test('is not developed without that file, nor with another', async (t) => {
    const image = join(await temporaryDirectory(t), 'small.image');
    await playTarget(nodeOf(24), 'without-program', image);
    const failure = async (program?: number): Promise<DevelopError> => {
      const error: unknown = await snapshotOf(image, program).then(
        () => assert.fail('it was developed'),
        (error: unknown) => error,
      );
      assert.ok(error instanceof DevelopError, String(error));
      return error;
    };
    const { code, message } = await failure();
    assert.equal(code, 'program-needed');
    assert.match(message, /leaves out the program.*does not say which file/);
    const other = openSync(nodes.find(({ major }) => major !== 24)?.path ?? '/bin/sh', 'r');
    assert.doesNotMatch((await failure(other)).message, /\n/);
    closeSync(other);
  });
});
