/** Turns a captured image into its result: a snapshot, or the stored image. */
import { DevelopError } from '@afterimage/image/develop';
import { storeImage } from '@afterimage/image/store';
import { sealedOutput } from '@afterimage/image/seal';
import { readImage, type ImageHeader, type ImageStream } from '@afterimage/image/read';
import { formatBytes } from '@afterimage/host/format';
import { CollectingHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import type { Writable } from 'node:stream';
import { CommandError } from '../cli/command-error.js';
import { compressionOf, frameCompressorOf } from '../files/compressed-output.js';
import type { Developing } from './developing.js';
import { developArriving, type DevelopedBy } from './developing-by.js';
import { decompressed } from '../files/compression.js';
import { writeOutput, type Stored } from '../files/output.js';
import type { Way } from './ways.js';
import { redactTo, type RedactedOutput } from './redacting.js';

/** Of a captured image that does not fit here. */
export const STORE_IT = 'store the image with --image FILE';

/**
 * Develops the image in a file that an agent has written.
 * @param target name of the target
 * @throws like {@link developArriving}
 */
export async function developAgentFile(
  target: string,
  chunks: AsyncIterable<Uint8Array>,
  output: string,
  way: Way,
  developing: Developing,
): Promise<{ header: ImageHeader; developed: DevelopedBy }> {
  const image = await readImage(decompressed(chunks));
  const advised = { ...developing, advice: STORE_IT };
  return { header: image.header, developed: await developArriving(way, target, image, output, advised) };
}

/** Redacts a snapshot that was developed elsewhere, before its first byte is written. */
export async function redactCaptured(
  chunks: AsyncIterable<Uint8Array>,
  output: string,
  { redact: level, ...developing }: Developing,
): Promise<RedactedOutput> {
  return writeOutput(output, developing.force, (to: Writable) =>
    redactTo(to, output, chunks, { level, ...developing }),
  );
}

/**
 * Stores an image: compressed according to its name or else with this Node.js's best method, and encrypted if
 * there are recipients.
 */
export async function storeCaptured(
  { header, chunks }: ImageStream,
  output: string,
  { recipients, force, signal, progress }: Developing,
): Promise<Stored> {
  async function* counted(): AsyncGenerator<Uint8Array> {
    let read = 0;
    for await (const chunk of chunks) {
      read += chunk.length;
      const done = `${formatBytes(read)} of ${formatBytes(header.imageBytes)}`;
      progress.show(`storing the image: ${done}`, read / header.imageBytes);
      yield chunk;
    }
  }
  return writeOutput(output, force, async (to: Writable) => {
    const sealed = await sealedOutput(to, recipients);
    const format = compressionOf(output);
    if (format === null) await storeImage(counted(), sealed.stream, signal);
    else await storeImage(counted(), sealed.stream, signal, format, await frameCompressorOf(format));
    return { bytes: sealed.bytes(), sha256: sealed.sha256() };
  });
}

/** Tells whether another image may succeed: a thread held a lock or collected garbage, or an address was in use. */
export function isWorthAnotherImage(error: unknown): boolean {
  if (error instanceof CommandError) return error.cause instanceof CollectingHeapError;
  return error instanceof DevelopError && ['stalled', 'address-unavailable'].includes(error.code);
}
