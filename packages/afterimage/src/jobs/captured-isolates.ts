/** Reads the heaps of worker threads out of an image as it is captured: one snapshot for each that is meant. */
import type { ImageStream } from '@afterimage/image/read';
import type { Isolate } from '@afterimage/v8-heap/reader/isolates';
import { HeapTooLargeError } from '@afterimage/v8-heap/reader/load';
import { readNeedBytes } from '@afterimage/v8-heap/reader/checked-graph';
import { whyUnreadable } from '@afterimage/v8-heap/reader/why-unreadable';
import { UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import { CommandError } from '../cli/command-error.js';
import { ALL_ISOLATES } from '../cli/isolate-option.js';
import { visible } from '../cli/visible.js';
import { checkRoom, type Developed, type Developing } from './developing.js';
import { graphOf, memoryOf } from './image-graph.js';
import { chosenIsolate, isolateLabel } from './isolates.js';
import { writeTo } from './reading-heap.js';

export interface WrittenIsolate {
  isolate: Isolate;
  path: string;
  developed: Developed;
}

const ADVICE = 'store the image with --image FILE';

/**
 * Reads them, one after the other; the image stays in memory, and nothing of it is written to a disk.
 * @param wanted what `--isolate` says
 * @param pathOf returns where the snapshot of an isolate goes
 * @param onFailure called for each of several that cannot be read
 * @throws {CommandError} `refused` if memory or disk are too small; `failed` if none can be read
 * @throws {ImageError} or {OutputError}
 */
export async function writeIsolates(
  image: ImageStream,
  wanted: string,
  pathOf: (isolate: Isolate) => Promise<string>,
  developing: Developing,
  onFailure: (error: CommandError) => void,
): Promise<WrittenIsolate[]> {
  const { header } = image;
  const { force, signal, progress } = developing;
  const why = whyUnreadable(header);
  if (why !== null) throw unreadable(wanted, new UnreadableHeapError(why));
  const checkNeed = async (output: string, needed: number): Promise<void> => {
    if (!force) await checkRoom(header, output, ADVICE, needed);
  };
  await checkNeed('-', readNeedBytes(0, header.imageBytes));
  const memory = await memoryOf(image, null, signal, progress);
  try {
    const { isolate: first, others } = chosenIsolate(memory, wanted === ALL_ISOLATES ? undefined : wanted);
    const isolates = wanted === ALL_ISOLATES ? [first, ...others] : [first];
    const written: WrittenIsolate[] = [];
    for (const isolate of isolates) {
      try {
        const started = performance.now();
        const path = await pathOf(isolate);
        await checkNeed(path, readNeedBytes(isolate.committedBytes, 0));
        const graph = await graphOf(memory, isolate, signal, progress);
        const developed = await writeTo(path, { graph, isolate }, header, developing, started);
        written.push({ isolate, path, developed });
      } catch (error) {
        if (!(error instanceof UnreadableHeapError || error instanceof HeapTooLargeError)) throw error;
        const failure = unreadable(isolateLabel(isolate), error);
        if (isolates.length === 1) throw failure;
        onFailure(failure);
      }
    }
    return written;
  } catch (error) {
    if (error instanceof UnreadableHeapError) throw unreadable(wanted, error);
    throw error;
  } finally {
    memory.close();
  }
}

function unreadable(isolate: string, cause: Error): CommandError {
  const advice = "capture again, or without --isolate, for V8's own snapshot of the main thread";
  return new CommandError('failed', `thread ${isolate}: ${visible(cause.message)}; ${advice}`, { cause });
}
