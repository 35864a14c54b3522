/**
 * Passes a snapshot from the darkroom to its output: redacts it before its first byte is written, and checks
 * that it is complete.
 */
import {
  redactor,
  type Redacted,
  type RedactionLevel,
  type Redactor,
  type Target,
} from '@afterimage/snapshot/redaction';
import { once } from 'node:events';
import { Transform, type Writable } from 'node:stream';
import { DevelopError } from './develop-errors.js';
import type { ImageMetadata } from './read.js';

export interface RedactedOutput {
  stream: Transform;
  /**
   * Writes the rest and ends `output`.
   * @throws {DevelopError} if the snapshot is incomplete
   */
  end(output: Writable): Promise<Redacted>;
}

/** Returns the stream that redacts a snapshot. `onBytes` receives the number of bytes that V8 or the reader has written. */
export function redactedOutput(
  metadata: ImageMetadata,
  level: RedactionLevel,
  onBytes: (bytes: number) => void,
): RedactedOutput {
  const redaction = redactor({ level, target: targetOf(metadata) });
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      bytes += chunk.length;
      onBytes(bytes);
      try {
        for (const part of redaction.push(chunk)) stream.push(part);
        callback();
      } catch (error) {
        callback(incomplete(error));
      }
    },
  });
  return {
    stream,
    async end(output) {
      const { chunks, redacted } = endOfSnapshot(redaction);
      for (const part of chunks) output.write(part);
      output.end();
      if (!output.writableFinished) await once(output, 'finish');
      return redacted;
    },
  };
}

/** Checks the end of the output: exit code 0 alone does not prove that the snapshot is complete. */
function endOfSnapshot(redaction: Redactor): ReturnType<Redactor['end']> {
  try {
    return redaction.end();
  } catch (error) {
    throw incomplete(error);
  }
}

/** What a snapshot says of the process that an image was taken of. */
export function targetOf({
  name,
  pid,
  nodeVersion,
  v8Version,
  arch,
  capturedAt,
  heap,
  rss,
  process: figures,
}: ImageMetadata): Target {
  const { used: heapUsed, total: heapTotal, limit: heapLimit, external, arrayBuffers } = heap;
  const { threads = null, descriptors = null, cgroup = null } = figures ?? {};
  return {
    name,
    pid,
    node: nodeVersion,
    v8: v8Version,
    arch,
    time: capturedAt,
    process: {
      rss,
      heapUsed,
      heapTotal,
      heapLimit,
      external,
      arrayBuffers,
      threads,
      descriptors,
      cgroup,
    },
  };
}

function incomplete(error: unknown): DevelopError {
  const why = error instanceof Error ? error.message : String(error);
  return new DevelopError('crashed', `the snapshot that was developed is not whole: ${why}; capture again`, {
    cause: error,
  });
}
