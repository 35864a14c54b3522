/** Opens a command's snapshots, shows progress, and describes in one line what is wrong with them. */
import { inputName } from './input-name.js';
import { isEncrypted, MAGIC_BYTES } from '@afterimage/image/encryption';
import { formatBytes } from '@afterimage/host/format';
import { openSnapshot as open, type Snapshot } from '@afterimage/snapshot';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { decompressed, isCompressed, split } from './compression.js';
import { asCommandError } from './as-command-error.js';
import { openInput } from './input.js';
import type { ProgressLine } from '../cli/progress-line.js';
import { BEGINNING_BYTES, clear, refuseImage } from './stored-stream.js';
import { visible } from '../cli/visible.js';

/** Parts that are computed on first use and take long, so their progress is shown. */
const parts = {
  dominators: (snapshot: Snapshot): unknown => snapshot.retainedSize,
  distances: (snapshot: Snapshot): unknown => snapshot.distance,
  classes: (snapshot: Snapshot): unknown => snapshot.classes(),
};

export type Part = keyof typeof parts;

/**
 * Opens the snapshot in the file `path`, plain or compressed with gzip or zstd, or in standard input as `-`,
 * and computes the `needed` parts.
 * @throws {CommandError} if it cannot be read or is not a complete snapshot
 */
export async function openSnapshot(
  path: string,
  progress: ProgressLine,
  needed: readonly Part[],
  identities: readonly string[] = [],
): Promise<Snapshot> {
  const name = inputName(path);
  try {
    const snapshot = await read(path, progress, identities);
    if (snapshot.graph.trailingBytes > 0) {
      progress.clear();
      const more = formatBytes(snapshot.graph.trailingBytes);
      console.error(`afterimage: ${name}: ${more} that follow the end of the snapshot were left out`);
    }
    for (const part of needed) {
      progress.stage(`working out ${part} …`);
      parts[part](snapshot);
    }
    return snapshot;
  } catch (error) {
    progress.clear();
    throw asCommandError(error, { input: name });
  }
}

async function read(path: string, progress: ProgressLine, identities: readonly string[]): Promise<Snapshot> {
  const input = await openInput(path);
  const [beginning, bytes] = await split(input, MAGIC_BYTES);
  refuseImage(beginning, path);
  const total = path === '-' ? null : await plainFileBytes(path, beginning);
  const shortName = visible(basename(path));
  const onProgress = (done: number): void => {
    if (total === null) progress.show(`reading ${shortName}: ${formatBytes(done)}`, null);
    else progress.show(`reading ${shortName}: ${formatBytes(done)} of ${formatBytes(total)}`, done / total);
  };
  if (total !== null) {
    await close(bytes);
    // By its name: a plain file is read faster than a stream.
    return open(path, { onProgress });
  }
  const [content, stream] = await split(decompressed(await clear(bytes, path, identities)), BEGINNING_BYTES);
  refuseImage(content, path);
  return open(stream, { onProgress });
}

async function close(stream: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next(); // a generator that never started does not end either
  await iterator.return?.();
}

/** Returns null for a compressed file, and for one without a size, such as a pipe. */
async function plainFileBytes(path: string, beginning: Buffer): Promise<number | null> {
  const file = await stat(path);
  return file.isFile() && !isCompressed(beginning) && !isEncrypted(beginning) ? file.size : null;
}
