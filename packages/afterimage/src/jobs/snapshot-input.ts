/** Opens a command's snapshots and images, shows progress, and describes in one line what is wrong with them. */
import { inputName } from '../files/input-name.js';
import { isEncrypted, MAGIC_BYTES } from '@afterimage/image/encryption';
import { formatBytes } from '@afterimage/host/format';
import { openSnapshot as open, type RedactionLevel, type Snapshot } from '@afterimage/snapshot';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { decompressed, isCompressed, split } from '../files/compression.js';
import { asCommandError } from '../files/as-command-error.js';
import { openInput } from '../files/input.js';
import { CommandError } from '../cli/command-error.js';
import type { ProgressLine } from '../cli/progress-line.js';
import { DEFAULT_LEVEL } from '../cli/redaction-option.js';
import { BEGINNING_BYTES, clear, isImage } from '../files/stored-stream.js';
import { visible } from '../cli/visible.js';
import { snapshotOfImage } from './image-snapshot.js';
import { imageOf } from './opened-image.js';
import type { Maker } from './ways.js';

/** Parts that are computed on first use and take long, so their progress is shown. */
const parts = {
  dominators: (snapshot: Snapshot): unknown => snapshot.retainedSize,
  distances: (snapshot: Snapshot): unknown => snapshot.distance,
  classes: (snapshot: Snapshot): unknown => snapshot.classes(),
};

export type Part = keyof typeof parts;

export interface Opening {
  /** The contents of identity files. */
  identities: readonly string[];
  /** How an image is redacted; a snapshot stays as it is. */
  redact?: RedactionLevel | undefined;
  /** How an image is read; `reader` by default. */
  by?: Maker;
  /** Whose heap of an image, as `--isolate` says it; the main thread's by default. */
  isolate?: string | undefined;
  /** Whether an image is read even if memory seems too small. */
  force?: boolean | undefined;
  progress: ProgressLine;
}

export interface Opened {
  snapshot: Snapshot;
  isImage: boolean;
  /** A sentence about other heaps in the image, without its full stop; null if there are none. */
  others: string | null;
}

/**
 * Opens the snapshot in the file `path`, plain or compressed with gzip or zstd, or in standard input as `-`,
 * or reads the image in it; and computes the `needed` parts.
 * @throws {CommandError} if it cannot be read or is not complete
 */
export async function openSnapshot(path: string, needed: readonly Part[], opening: Opening): Promise<Opened> {
  const name = inputName(path);
  const { progress } = opening;
  try {
    const opened = await read(path, opening);
    const { snapshot } = opened;
    if (snapshot.graph.trailingBytes > 0) {
      progress.clear();
      const more = formatBytes(snapshot.graph.trailingBytes);
      console.error(`afterimage: ${name}: ${more} that follow the end of the snapshot were left out`);
    }
    for (const part of needed) {
      progress.stage(`working out ${part} …`);
      parts[part](snapshot);
    }
    return opened;
  } catch (error) {
    progress.clear();
    throw asCommandError(error, { input: name });
  }
}

/**
 * Checks the options that only images have, once the files have been opened.
 * @throws {CommandError} `usage`
 */
export function checkImageOptions(
  { redact, isolate }: Pick<Opening, 'redact' | 'isolate'>,
  isImage: boolean,
): void {
  if (isImage) return;
  if (redact !== undefined)
    throw new CommandError(
      'usage',
      '--redact says how an image is read, and this is none: afterimage redact redacts a snapshot',
    );
  if (isolate !== undefined)
    throw new CommandError(
      'usage',
      '--isolate chooses a heap of an image, and this is a snapshot of one heap',
    );
}

async function read(path: string, opening: Opening): Promise<Opened> {
  const input = await openInput(path);
  const [beginning, bytes] = await split(input, MAGIC_BYTES);
  if (isImage(beginning)) return readImage(path, bytes, opening);
  const total = path === '-' ? null : await plainFileBytes(path, beginning);
  const shortName = visible(basename(path));
  const onProgress = (done: number): void => {
    if (total === null) opening.progress.show(`reading ${shortName}: ${formatBytes(done)}`, null);
    else
      opening.progress.show(
        `reading ${shortName}: ${formatBytes(done)} of ${formatBytes(total)}`,
        done / total,
      );
  };
  if (total !== null) {
    await close(bytes);
    // By its name: a plain file is read faster than a stream.
    return { snapshot: await open(path, { onProgress }), isImage: false, others: null };
  }
  const clearBytes = await clear(bytes, path, opening.identities);
  const [content, stream] = await split(decompressed(clearBytes), BEGINNING_BYTES);
  if (isImage(content)) return readImage(path, stream, opening);
  return { snapshot: await open(stream, { onProgress }), isImage: false, others: null };
}

async function readImage(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { identities, redact: level = DEFAULT_LEVEL, by = 'reader', isolate, force = false, progress }: Opening,
): Promise<Opened> {
  const image = await imageOf(path, chunks, identities);
  const read = await snapshotOfImage(image, { level, by, isolate, force, progress });
  return { ...read, isImage: true };
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
