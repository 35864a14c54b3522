/** From an image to a snapshot in memory that can be queried, without a file in between. */
import { develop } from '@afterimage/image/develop';
import type { ImageStream } from '@afterimage/image/read';
import { openSnapshot, snapshotFromColumns, type RedactionLevel, type Snapshot } from '@afterimage/snapshot';
import { snapshotHeader, stringsJson } from '@afterimage/v8-heap/reader/snapshot-json';
import { PassThrough } from 'node:stream';
import { uninterrupted, whileInterruptible } from '../cli/interruption.js';
import type { ProgressLine } from '../cli/progress-line.js';
import { checkRoom, showStep } from './developing.js';
import { graphOfImage, type IsolateGraph } from './image-graph.js';
import { othersText, targetOfIsolate } from './isolates.js';
import type { OpenedImage } from './opened-image.js';
import { checkV8CanRead, readerFirst, type Maker } from './ways.js';

export interface ImageReading {
  level: RedactionLevel;
  /** `reader` falls back to V8's own generator, with a line that says so. */
  by: Maker;
  /** Whose heap, as `--isolate` says it; undefined for the main thread. */
  isolate: string | undefined;
  /** Whether V8's own generator is tried even if memory seems too small. */
  force: boolean;
  progress: ProgressLine;
}

export interface ImageSnapshot {
  snapshot: Snapshot;
  /** A sentence about other heaps in the image, without its full stop; null if there are none, or if it is unknown. */
  others: string | null;
}

/**
 * Reads the image into a snapshot, redacted as `develop` does it; its header says by which way.
 * @throws {CommandError}, {DevelopError}, {ImageError} or {SnapshotFormatError}
 */
export async function snapshotOfImage(image: OpenedImage, reading: ImageReading): Promise<ImageSnapshot> {
  const { name, stream } = image;
  const { by, isolate, level, progress } = reading;
  const developed = async (again: ImageStream): Promise<ImageSnapshot> => ({
    snapshot: await byV8(again, reading),
    others: null,
  });
  if (by === 'v8') {
    checkV8CanRead(name, isolate, "V8's own generator develops every image next to a snapshot");
    return developed(stream);
  }
  const byReader = async (): Promise<ImageSnapshot> => {
    const found = await graphOfImage(image, { isolate, signal: uninterrupted, progress });
    progress.stage('working out what keeps what …');
    return { snapshot: await snapshotOf(found, stream, level), others: othersText(found.others) };
  };
  return readerFirst(image, isolate, progress, byReader, developed);
}

async function snapshotOf(
  { graph, isolate }: IsolateGraph,
  { header: { metadata } }: ImageStream,
  level: RedactionLevel,
): Promise<Snapshot> {
  const columns = {
    ...graph,
    header: snapshotHeader(graph),
    strings: stringsJson(graph),
  };
  return snapshotFromColumns(columns, {
    level,
    target: targetOfIsolate(metadata, isolate),
    by: 'reader',
    ids: graph.ids,
  });
}

/** V8 writes in one process what is read here. */
async function byV8(image: ImageStream, { level, force, progress }: ImageReading): Promise<Snapshot> {
  if (!force) await checkRoom(image.header, '-');
  return whileInterruptible(async (signal) => {
    const through = new PassThrough();
    const onProgress = (step: Parameters<typeof showStep>[1]): void => showStep(progress, step);
    const developed = develop(image, through, { signal, onProgress, redact: level }).catch(
      (error: unknown) => {
        through.destroy(error as Error);
        throw error;
      },
    );
    // Where reading fails, the stream is destroyed, and with it the writer's end.
    const [, snapshot] = await Promise.all([developed, openSnapshot(through)]);
    return snapshot;
  });
}
