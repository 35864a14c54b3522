/** Reads the heap out of an image into a snapshot, without running any of the target's code: docs/reading.md. */
import { formatBytes } from '@afterimage/host/format';
import type { ImageHeader, ImageStream } from '@afterimage/image/read';
import { targetOf } from '@afterimage/image/redacted-output';
import { redactor, type Redacted, type RedactionLevel } from '@afterimage/snapshot/redaction';
import type { HeapGraph } from '@afterimage/v8-heap/reader/read-graph';
import { snapshotJson } from '@afterimage/v8-heap/reader/snapshot-json';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import type { ProgressLine } from '../cli/progress-line.js';
import { sealedResult } from '../files/compressed-output.js';
import { writeOutput } from '../files/output.js';
import type { Developed, Developing } from './developing.js';
import { graphOfImage, pause } from './image-graph.js';
import type { OpenedImage } from './opened-image.js';

/**
 * Reads.
 * @param openFile opens the image where it can be read at any position; null keeps all of it in memory
 * @param output a path, or `-` for standard output
 * @throws {UnreadableHeapError} or {HeapTooLargeError} where only V8's own generator can develop this image
 * @throws {ImageError} or {OutputError}
 */
export async function readTo(
  output: string,
  image: ImageStream,
  openFile: OpenedImage['openFile'],
  { redact, recipients, force, signal, progress }: Developing,
): Promise<Developed> {
  const started = performance.now();
  const graph = await graphOfImage(image, openFile, signal, progress);
  const write = async (to: Writable): Promise<Developed> => {
    const sealed = await sealedResult(to, output, recipients);
    const redacted = await writeGraph(graph, image.header, redact, sealed.stream, signal, progress);
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
  graph: HeapGraph,
  { metadata }: ImageHeader,
  level: RedactionLevel,
  output: Writable,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Redacted> {
  const redaction = redactor({ level, target: targetOf(metadata), by: 'reader' });
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
