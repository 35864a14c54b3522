/** Reads the heap out of an image into a snapshot, without running any of the target's code: docs/reading.md. */
import { formatBytes } from '@afterimage/host/format';
import type { ImageHeader } from '@afterimage/image/read';
import { redactor, type Redacted, type RedactionLevel } from '@afterimage/snapshot/redaction';
import { snapshotJson } from '@afterimage/v8-heap/reader/snapshot-json';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import type { ProgressLine } from '../cli/progress-line.js';
import { sealedResult } from '../files/compressed-output.js';
import { writeOutput } from '../files/output.js';
import type { Developed, Developing } from './developing.js';
import { graphOfImage, pause, type GraphReading, type IsolateGraph } from './image-graph.js';
import { targetOfIsolate } from './isolates.js';
import type { OpenedImage } from './opened-image.js';

export interface ReadHeap extends Developed, Pick<IsolateGraph, 'isolate' | 'others'> {}

/**
 * Reads.
 * @param output a path, or `-` for standard output
 * @param ofIsolate whose heap
 * @throws {UnreadableHeapError} or {HeapTooLargeError} where only V8's own generator can develop this image
 * @throws {ImageError} or {OutputError}; {CommandError} if the image has no such isolate
 */
export async function readTo(
  output: string,
  image: OpenedImage,
  developing: Developing,
  ofIsolate: Pick<GraphReading, 'isolate' | 'checkNeed'>,
): Promise<ReadHeap> {
  const started = performance.now();
  const { signal, progress } = developing;
  const found = await graphOfImage(image, { ...ofIsolate, signal, progress });
  return {
    ...(await writeTo(output, found, image.stream.header, developing, started)),
    ...withoutGraph(found),
  };
}

function withoutGraph({ isolate, others }: IsolateGraph): Pick<IsolateGraph, 'isolate' | 'others'> {
  return { isolate, others };
}

/**
 * Writes the snapshot of a graph.
 * @param started when reading began, by `performance.now`
 * @throws {OutputError}
 */
export async function writeTo(
  output: string,
  graph: Pick<IsolateGraph, 'graph' | 'isolate'>,
  header: ImageHeader,
  { redact, recipients, force, signal, progress }: Developing,
  started: number,
): Promise<Developed> {
  const write = async (to: Writable): Promise<Developed> => {
    const sealed = await sealedResult(to, output, recipients);
    const redacted = await writeGraph(graph, header, redact, sealed.stream, signal, progress);
    return {
      snapshotBytes: redacted.bytes,
      nodes: redacted.nodes,
      edges: redacted.edges,
      redaction: redacted.provenance.redaction,
      developMs: performance.now() - started,
      ghostLocks: 0,
      sha256: sealed.sha256(),
      fileBytes: sealed.bytes(),
    };
  };
  return writeOutput(output, force, write);
}

async function writeGraph(
  { graph, isolate }: Pick<IsolateGraph, 'graph' | 'isolate'>,
  { metadata }: ImageHeader,
  level: RedactionLevel,
  output: Writable,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Redacted> {
  const redaction = redactor({
    level,
    target: targetOfIsolate(metadata, isolate),
    by: 'reader',
    ids: graph.ids,
  });
  const ended: Redacted[] = [];
  async function* parts(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for (const chunk of snapshotJson(graph)) {
      progress.show(`writing the snapshot: ${formatBytes((bytes += chunk.length))}`, null);
      yield* redaction.push(chunk);
      await pause(signal);
    }
    const { chunks, redacted } = redaction.end();
    ended.push(redacted);
    yield* chunks;
  }
  await pipeline(parts, output, { signal });
  return ended[0];
}
