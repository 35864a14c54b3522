/** What becomes of a captured image: a snapshot, or the image itself, stored for later. */
import { DevelopError } from '@afterimage/agent/develop';
import { storeImage } from '@afterimage/agent/image-store';
import { sealedOutput } from '@afterimage/agent/sealed-output';
import type { ImageStream } from '@afterimage/agent/image';
import { formatBytes } from '@afterimage/agent/figures';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CommandError } from '../command-error.js';
import { checkRoom, developTo, type Developed, type Developing } from '../developing.js';
import { writeOutputFile } from '../output.js';
import { redactTo, type RedactedOutput } from '../redacting.js';

export interface Stored {
  bytes: number;
  sha256: string;
}

/**
 * @param force where memory or disk look too small for it
 * @throws {CommandError} `refused`, where they do
 */
export async function developCaptured(
  image: ImageStream,
  output: string,
  force: boolean,
  developing: Developing,
): Promise<Developed> {
  if (!force) {
    await checkRoom(image.header, output).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      const advice = error.message.replace(
        'develop it where there is more',
        'store the image with --image FILE',
      );
      throw new CommandError(error.failure, advice, { cause: error });
    });
  }
  return developTo(output, image, developing);
}

/** What was developed elsewhere, redacted before its first byte is written. */
export async function redactCaptured(
  chunks: AsyncIterable<Uint8Array>,
  output: string,
  { redact: level, ...developing }: Developing,
): Promise<RedactedOutput> {
  return writeOutputFile(output, (to: Writable) => redactTo(to, chunks, { level, ...developing }));
}

/** Compressed, and encrypted where there are recipients. */
export async function storeCaptured(
  { header, chunks }: ImageStream,
  output: string,
  { recipients, signal, progress }: Developing,
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
  const sha256 = await writeOutputFile(output, async (to: Writable) => {
    const sealed = await sealedOutput(to, recipients);
    await storeImage(counted(), sealed.stream, signal);
    return sealed.sha256();
  });
  return { bytes: (await stat(output)).size, sha256 };
}

/** Whether another image may fare better: a thread held a lock, or an address was taken. */
export function isWorthAnotherImage(error: unknown): boolean {
  return error instanceof DevelopError && ['stalled', 'address-unavailable'].includes(error.code);
}
