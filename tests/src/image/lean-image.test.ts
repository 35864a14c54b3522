/** Images that have of the program only what the reader needs: read, and developed by V8 where the program is. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { develop, DevelopError, type DevelopOptions } from '@afterimage/image/develop';
import { readImage, type ImageStream, type ProgramFile } from '@afterimage/image/read';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { programNeeds } from '@afterimage/v8-heap/needs/program-needs';
import { explainPages } from '@afterimage/v8-heap/reader/explain';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { nodeOf, newestNodes } from '../nodes.js';
import { playTarget, type Played } from '../targets/native-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

interface Lean extends Played {
  kept: number[];
  program: ProgramFile;
}

async function snapshotOf(image: ImageStream, options: DevelopOptions = {}): Promise<string> {
  const output = new PassThrough();
  const text = buffer(output);
  await develop(image, output, { redact: 'none', ...options });
  output.end();
  return (await text).toString();
}

async function failureOf(image: ImageStream, options: DevelopOptions = {}): Promise<DevelopError> {
  const error: unknown = await snapshotOf(image, options).then(
    () => assert.fail('it was developed'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof DevelopError, String(error));
  assert.doesNotMatch(error.message, /\n/);
  return error;
}

for (const node of newestNodes)
  test(`Node ${node.major}: the reader reads it, and V8 develops it with the program`, async (t) => {
    const file = join(await temporaryDirectory(t), 'lean.image');
    const { end, kept, program } = await playTarget<Lean>(node, 'lean', file);
    assert.deepEqual(end, { exitCode: 0, signal: null });
    assert.deepEqual([program.path, program.bytes], [realpathSync(node.path), statSync(node.path).size]);
    assert.match(program.identity, /^build-id:[0-9a-f]{40}$/);
    const keptBytes = kept.reduce((sum, at, index) => sum + (index % 2 === 0 ? -at : at), 0);
    const { size } = statSync(file);
    assert.ok(keptBytes < program.bytes / 3 && size < program.bytes, `${keptBytes} kept, ${size} in all`);

    const memory = openImageFile(file);
    const { objects, unexplained } = explainPages(openHeap(memory));
    memory.close();
    assert.ok(objects > 20_000 && unexplained <= 5, `${unexplained} of ${objects}`);

    const { strings } = JSON.parse(await snapshotOf(await readImage(createReadStream(file)))) as {
      strings: string[];
    };
    assert.ok(strings.includes('ballast '));
  });

describe('without the program', () => {
  test('V8 develops it with that file alone, and the error says which', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'lean.image');
    const { program } = await playTarget<Lean>(nodeOf(24), 'lean', file);
    const open = async (said: unknown = program): Promise<ImageStream> => {
      const image = await readImage(createReadStream(file));
      const metadata = { ...image.header.metadata, program: said as ProgramFile };
      return { ...image, header: { ...image.header, metadata } };
    };
    const elsewhere = { ...program, path: join(directory, 'node') };
    const given = { targetProgram: elsewhere.path };
    const absent = await failureOf(await open(), given);
    assert.equal(absent.code, 'program-needed');
    assert.match(absent.message, /node \(\d+ MB, build-id:\w+\) cannot be opened here \(ENOENT\).*--program/);
    assert.ok((await snapshotOf(await open(elsewhere), { targetProgram: nodeOf(24).path })).length > 0);
    // A process in a container has it at a path of its own.
    const running = spawn(nodeOf(24).path, ['-e', 'setInterval(() => undefined, 1000)']);
    await once(running, 'spawn');
    assert.ok((await snapshotOf(await open(elsewhere))).length > 0);
    running.kill();

    writeFileSync(elsewhere.path, 'another program');
    const another = await failureOf(await open(), given);
    assert.match(another.message, /is another file here/);
    const sameSize = {
      ...program,
      identity: program.identity.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
    };
    assert.match((await failureOf(await open(sameSize))).message, /is another file here/);
    for (const nonsense of [null, 7, {}, { ...program, path: 'node' }, { ...program, bytes: -0.5 }])
      assert.equal((await failureOf(await open(nonsense))).code, 'program-needed', JSON.stringify(nonsense));
  });
});

test('a file that is no Node.js, or a part of one, tells no needs', async (t) => {
  const part = join(await temporaryDirectory(t), 'part');
  const needsOf = (path: string): ReturnType<typeof programNeeds> => {
    const file = openSync(path, 'r');
    try {
      return programNeeds(file);
    } finally {
      closeSync(file);
    }
  };
  for (const path of ['/bin/sh', import.meta.filename]) assert.equal(needsOf(path), null, path);
  const whole = readFileSync(nodeOf(24).path);
  const { kept = [] } = needsOf(nodeOf(24).path) ?? {};
  assert.ok(kept.length > 2 && kept.every((at, index) => index === 0 || at > (kept[index - 1] ?? NaN)));
  const EM_AARCH64 = 183;
  whole.writeUInt16LE(EM_AARCH64, 18);
  writeFileSync(part, whole);
  assert.equal(needsOf(part), null, 'of arm64, whose images the reader does not know');
  whole.writeUInt16LE(62, 18);
  for (const bytes of [0, 1, 63, 64, 4_000, 100_000, 20_000_000]) {
    writeFileSync(part, whole.subarray(0, bytes));
    assert.equal(needsOf(part), null, `${bytes} bytes`);
  }
});
