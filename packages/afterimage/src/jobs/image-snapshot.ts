/** From an image to a snapshot in memory that can be queried, without a file in between. */
import { develop } from '@afterimage/image/develop';
import type { ImageStream } from '@afterimage/image/read';
import { targetOf } from '@afterimage/image/redacted-output';
import { openSnapshot, snapshotFromColumns, type RedactionLevel, type Snapshot } from '@afterimage/snapshot';
import type { HeapGraph } from '@afterimage/v8-heap/reader/read-graph';
import { nodeIds, snapshotHeader, stringsJson } from '@afterimage/v8-heap/reader/snapshot-json';
import { PassThrough } from 'node:stream';
import { uninterrupted, whileInterruptible } from '../cli/interruption.js';
import type { ProgressLine } from '../cli/progress-line.js';
import { checkRoom, showStep } from './developing.js';
import { graphOfImage } from './image-graph.js';
import type { OpenedImage } from './opened-image.js';
import { readerFirst, type Maker } from './ways.js';

export interface ImageReading {
  level: RedactionLevel;
  /** `reader` falls back to V8's own generator, with a line that says so. */
  by: Maker;
  /** Whether V8's own generator is tried even if memory seems too small. */
  force: boolean;
  progress: ProgressLine;
}

/**
 * Reads the image into a snapshot, redacted as `develop` does it; its header says by which way.
 * @throws {CommandError}, {DevelopError}, {ImageError} or {SnapshotFormatError}
 */
export async function snapshotOfImage(image: OpenedImage, reading: ImageReading): Promise<Snapshot> {
  const { stream, openFile } = image;
  const { by, level, progress } = reading;
  if (by === 'v8') return byV8(stream, reading);
  const byReader = async (): Promise<Snapshot> => {
    const graph = await graphOfImage(stream, openFile, uninterrupted, progress);
    progress.stage('working out what keeps what …');
    return snapshotOf(graph, stream, level);
  };
  return readerFirst(image, progress, byReader, (again) => byV8(again, reading));
}

async function snapshotOf(
  graph: HeapGraph,
  { header: { metadata } }: ImageStream,
  level: RedactionLevel,
): Promise<Snapshot> {
  const columns = {
    ...graph,
    header: snapshotHeader(graph),
    nodeId: nodeIds(graph),
    strings: stringsJson(graph),
  };
  return snapshotFromColumns(columns, { level, target: targetOf(metadata), by: 'reader' });
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
