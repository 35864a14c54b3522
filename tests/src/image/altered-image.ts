/** Images with something wrong in them: developing one is an error with words, never a crash or a hang. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { develop, DevelopError, type DevelopResult } from '@afterimage/image/develop';
import { ImageError, readImage } from '@afterimage/image/read';

/** The darkroom. */
export const program = fileURLToPath(
  new URL('../../../packages/image/prebuilds/linux-x64/darkroom', import.meta.url),
);

export async function hashOfSnapshot(
  image: AsyncIterable<Uint8Array>,
  darkroom = program,
): Promise<{ hash: string; result: DevelopResult }> {
  const hash = createHash('sha256');
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      hash.update(chunk);
      callback();
    },
  });
  const result = await develop(await readImage(image), sink, { program: darkroom, redact: 'none' });
  return { hash: hash.digest('hex'), result };
}

/** The image with `bytes` put at `offset`, or cut at `end`. */
export async function* altered(
  file: string,
  change: { offset?: number; bytes?: Uint8Array; end?: number },
): AsyncGenerator<Uint8Array> {
  const { offset = Infinity, bytes = new Uint8Array(0), end = Infinity } = change;
  let at = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const from = offset - at;
    for (let i = 0; i < bytes.length; i++)
      if (from + i >= 0 && from + i < chunk.length) chunk[from + i] = bytes[i] ?? 0;
    if (at + chunk.length >= end) {
      yield chunk.subarray(0, end - at);
      return;
    }
    yield chunk;
    at += chunk.length;
  }
}

export function readBytes(file: string, offset: number, size: number): Buffer {
  const descriptor = openSync(file, 'r');
  const bytes = Buffer.alloc(size);
  readSync(descriptor, bytes, 0, size, offset);
  closeSync(descriptor);
  return bytes;
}

/** The failure of developing an altered image: an error with words, or the test fails. */
export async function failureOf(
  file: string,
  change: Parameters<typeof altered>[1],
): Promise<DevelopError | ImageError> {
  try {
    await hashOfSnapshot(altered(file, change));
  } catch (error) {
    assert.ok(
      error instanceof DevelopError || error instanceof ImageError,
      `not one of ours: ${String(error)}`,
    );
    assert.ok(error.message.length > 20 && !error.message.includes('\n'), error.message);
    return error;
  }
  assert.fail('a broken image was developed');
}

/** A sequence that is the same in every run, so that a failure can be looked at (xorshift32). */
export function* numbersBelow(limit: number, seed: number): Generator<number> {
  for (let state = seed; ;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield Math.floor(((state >>> 0) / 2 ** 32) * limit);
  }
}

export function take(count: number, numbers: Iterator<number>): number[] {
  return Array.from({ length: count }, () => numbers.next().value as number);
}

/** Turns a bit over at so many places, one at a time: half of them in the header, the others anywhere. */
export async function assertEachAlterationIsTold(image: string, count: number): Promise<void> {
  const { header } = await readImage(createReadStream(image));
  const half = count >> 1;
  // In the header there is most to go wrong, and least to be hit by chance.
  const places = [
    ...take(count - half, numbersBelow(header.headerBytes, 7)),
    ...take(half, numbersBelow(header.imageBytes, 11)),
  ];
  const codes = new Map<string, number>();
  const worker = async (): Promise<void> => {
    for (let offset = places.pop(); offset !== undefined; offset = places.pop()) {
      const [old = 0] = readBytes(image, offset, 1);
      const error = await failureOf(image, { offset, bytes: Uint8Array.of(old ^ (1 << (offset & 7))) });
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
    }
  };
  await Promise.all([worker(), worker()]);
  assert.equal(
    [...codes.values()].reduce((sum, each) => sum + each),
    count,
  );
  assert.equal(codes.get('crashed'), undefined, JSON.stringify([...codes]));
}
