/**
 * Develops an image in its temporary pod, and sends out the snapshot. The receiver redacts it: the unredacted
 * image came the same way.
 */
import { develop, type DevelopProgress } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CommandError } from '../cli/command-error.js';
import { decompressed } from '../files/compression.js';
import { sendCompressed } from './compressed-result.js';
import type { FrameOutput } from './frame-output.js';
import { DARKROOM_PART, type KitParts } from './protocol.js';

const PROGRESS_MS = 200;

/**
 * Runs the order.
 * @throws {CommandError} or {DevelopError}
 */
export async function developOrder(
  image: AsyncIterable<Uint8Array>,
  parts: KitParts,
  output: FrameOutput,
  signal: AbortSignal,
): Promise<void> {
  const program = parts[DARKROOM_PART];
  if (program === undefined)
    throw new CommandError('refused', `there is no darkroom for ${process.platform}-${process.arch}`);
  const directory = await mkdtemp(join(tmpdir(), 'afterimage-'));
  try {
    const file = join(directory, DARKROOM_PART);
    await writeFile(file, Buffer.from(program, 'base64'));
    await chmod(file, 0o700);
    const through = new PassThrough();
    const [developed, sent] = await Promise.all([
      develop(await readImage(decompressed(image)), through, {
        program: file,
        redact: 'none',
        signal,
        onProgress: told(output),
      }).catch((error: unknown) => {
        through.destroy(error as Error);
        throw error;
      }),
      sendCompressed(through, output, signal),
    ]);
    await output.message({ type: 'done', ...sent, developed });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function told(output: FrameOutput): (progress: DevelopProgress) => void {
  let next = 0;
  return (progress) => {
    if (performance.now() < next) return;
    next = performance.now() + PROGRESS_MS;
    void output.message({ type: 'progress', progress }).catch(() => undefined);
  };
}
