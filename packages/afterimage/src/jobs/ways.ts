/** The two ways from an image to a graph: the reader, and V8's own generator for what the reader cannot read. */
import type { ImageHeader, ImageStream } from '@afterimage/image/read';
import { HeapTooLargeError } from '@afterimage/v8-heap/reader/load';
import { UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import { whyUnreadable } from '@afterimage/v8-heap/reader/why-unreadable';
import { Option } from 'commander';
import { CommandError } from '../cli/command-error.js';
import { isMainThread } from '../cli/isolate-option.js';
import type { ProgressLine } from '../cli/progress-line.js';
import { visible } from '../cli/visible.js';
import type { OpenedImage } from './opened-image.js';

/** V8's own generator, in the restored process; or the reader, which runs nothing of it. */
export type Maker = 'v8' | 'reader';

/** `auto`: the reader where it knows this heap, else V8's own generator. */
const WAYS = ['v8', 'reader', 'auto'] as const;
export type Way = (typeof WAYS)[number];

export interface WayOptions {
  by: Way;
}

/** `--by`, of commands that make a snapshot of an image. */
export function wayOption(): Option {
  return new Option(
    '--by <way>',
    "what makes the snapshot: the reader, which runs nothing of the target; v8, V8's own generator in the restored process; or auto, the reader, and v8 where it cannot",
  )
    .choices(WAYS)
    .default('auto');
}

/** Refuses `--by v8` next to `--isolate`. */
export function isolateByV8(): CommandError {
  return new CommandError(
    'usage',
    "--by v8 develops the main thread's heap alone: leave it out, or give --by reader",
  );
}

/**
 * Lets the reader make something of an image; if it cannot read this one, V8's own generator does, and a line says so.
 * @param isolate whose heap, as `--isolate` says it
 * @throws {CommandError} where that cannot run; and what the two throw
 */
export async function readerFirst<T>(
  { name, stream, again }: OpenedImage,
  isolate: string | undefined,
  progress: ProgressLine,
  byReader: () => Promise<T>,
  byV8: (image: ImageStream) => Promise<T>,
): Promise<T> {
  const why = whyUnreadable(stream.header);
  if (why !== null) {
    checkV8CanRead(name, isolate, why);
    fallBack(name, stream.header, why, progress);
    return byV8(stream);
  }
  try {
    return await byReader();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    checkV8CanRead(name, isolate, error.message);
    fallBack(name, stream.header, error.message, progress);
    return byV8(await again());
  }
}

/**
 * Checks that V8's own generator may be used: it makes a snapshot of the main thread's heap alone.
 * @param why the reader is not used
 * @throws {CommandError}
 */
export function checkV8CanRead(name: string, isolate: string | undefined, why: string): void {
  if (isMainThread(isolate)) return;
  throw new CommandError(
    'failed',
    `${name}: ${visible(why)}; V8's own generator develops the main thread's heap alone, not that of thread ${isolate}`,
  );
}

/** Whether that is why the reader failed, and V8's own generator may not. */
function isUnreadable(error: unknown): error is Error {
  return error instanceof UnreadableHeapError || error instanceof HeapTooLargeError;
}

/**
 * Says in one line that V8's own generator is used.
 * @param name of the image, as the user calls it
 * @throws {CommandError} where it cannot run
 */
function fallBack(name: string, { arch }: ImageHeader, why: string, progress: ProgressLine): void {
  progress.clear();
  if (process.platform !== 'linux' || process.arch !== arch)
    throw new CommandError(
      'failed',
      `${name}: ${why}; V8's own generator could develop it, which needs Linux on ${arch}: afterimage develop there`,
    );
  console.error(`afterimage: ${name}: ${why}; V8's own generator develops it instead`);
}
