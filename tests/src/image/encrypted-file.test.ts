/** Encrypted files are read at any position, and what was altered, cut or put elsewhere is not read as if it were whole. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { openEncrypted, type DecryptedFile } from '@afterimage/image/encrypted-file';
import { encryptedOutput, EncryptionError } from '@afterimage/image/encryption';
import { inFrames } from '@afterimage/image/frames';
import fc from 'fast-check';
import { frameCompressorOf } from '../../../packages/afterimage/dist/files/compressed-output.js';
import { openSeekable } from '../../../packages/afterimage/dist/files/seekable-file.js';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-encrypted-'));
after(() => rmSync(directory, { recursive: true }));

const CHUNK = 65_536;
const SEALED = CHUNK + 16;
const clear = Buffer.from(Uint8Array.from({ length: 3 * CHUNK + 17 }, (_, index) => index ^ (index >>> 8)));

let identity = '';
let recipient = '';
before(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

async function encrypted(bytes: Uint8Array): Promise<Buffer> {
  const output = new PassThrough();
  const all = buffer(output);
  await pipeline(Readable.from([bytes]), await encryptedOutput(output, [recipient]));
  return all;
}

function opened(file: Buffer, identities = [identity]): Promise<DecryptedFile | null> {
  const read = (position: number, into: Uint8Array): boolean =>
    file.copy(into, 0, position, position + into.length) === into.length;
  return openEncrypted(file.length, read, identities);
}

function wholeOf(file: DecryptedFile | null): Buffer | null {
  const into = Buffer.alloc(file?.bytes ?? 0);
  return file?.read(0, into) === true ? into : null;
}

test('files of every length around that of a chunk are read', async () => {
  for (const bytes of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, clear.length]) {
    const file = await opened(await encrypted(clear.subarray(0, bytes)));
    assert.ok(wholeOf(file)?.equals(clear.subarray(0, bytes)), `${bytes} bytes`);
  }
});

test('any part is read', async () => {
  const file = await opened(await encrypted(clear));
  const part = fc.tuple(fc.nat(clear.length), fc.nat(clear.length));
  fc.assert(
    fc.property(part, ([a, b]) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      const into = Buffer.alloc(to - from);
      assert.ok(file?.read(from, into) === true && into.equals(clear.subarray(from, to)));
    }),
    { numRuns: 50 },
  );
  for (const [position, bytes] of [
    [-1, 1],
    [clear.length, 1],
    [clear.length - 3, 4],
  ] as const)
    assert.equal(file?.read(position, Buffer.alloc(bytes)), false);
});

test('what was altered, cut off, or put in another order is not read', async () => {
  const whole = await encrypted(clear);
  const payload = whole.length - (3 * SEALED + 17 + 16);
  const attempt = async (file: Buffer): Promise<Buffer | null> => {
    try {
      return wholeOf(await opened(file));
    } catch (error) {
      assert.ok(error instanceof EncryptionError, String(error));
      return null;
    }
  };
  for (const end of [
    0,
    10,
    payload - 1,
    payload,
    payload + SEALED,
    payload + 2 * SEALED,
    payload + 3 * SEALED,
    whole.length - 1,
  ])
    assert.equal(await attempt(whole.subarray(0, end)), null, `cut at ${end}`);
  assert.equal(await attempt(Buffer.concat([whole, Buffer.alloc(1)])), null);
  const chunk = (index: number): Buffer =>
    whole.subarray(payload + index * SEALED, Math.min(whole.length, payload + (index + 1) * SEALED));
  const head = whole.subarray(0, payload);
  assert.ok((await attempt(Buffer.concat([head, chunk(0), chunk(1), chunk(2), chunk(3)])))?.equals(clear));
  assert.equal(await attempt(Buffer.concat([head, chunk(1), chunk(0), chunk(2), chunk(3)])), null);
  assert.equal(await attempt(Buffer.concat([head, chunk(0), chunk(1), chunk(3)])), null);
  assert.equal(await attempt(Buffer.concat([head, chunk(0), chunk(1), chunk(2)])), null);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] ?? 0) ^ change;
      assert.equal(await attempt(altered), null, `byte ${at}`);
    }),
    { numRuns: 40 },
  );
});

test('another identity is an error that says so', async () => {
  const file = await encrypted(clear);
  const other = await generateX25519Identity();
  await assert.rejects(opened(file, [other]), /encrypted for other recipients/);
  await assert.rejects(opened(file, []), /encrypted for other recipients/);
  assert.ok(wholeOf(await opened(file, [`# a comment\n${other}`, identity]))?.equals(clear));
});

test('frames in an encrypted file are read one by one', async () => {
  for (const format of ['gzip', 'zstd'] as const) {
    const compressed = await buffer(
      inFrames(format, await frameCompressorOf(format))(Readable.from([clear])),
    );
    const file = path.join(directory, `framed.${format}.age`);
    writeFileSync(file, await encrypted(compressed));
    const seekable = await openSeekable(file, [identity]);
    const into = Buffer.alloc(100);
    assert.ok(seekable?.bytes === clear.length && seekable.read(70_000, into));
    assert.ok(into.equals(clear.subarray(70_000, 70_100)));
    seekable.close();
  }
});
