/** Redacting, the same for every command that gets a snapshot from elsewhere. */
import { formatBytes } from '@afterimage/host/format';
import { redactor, type Redacted, type RedactionLevel } from '@afterimage/snapshot/redaction';
import { Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sealedResult } from '../files/compressed-output.js';
import type { ProgressLine } from '../cli/progress-line.js';

export interface Redacting {
  level: RedactionLevel;
  recipients: readonly string[];
  signal: AbortSignal;
  progress: ProgressLine;
}

export interface RedactedOutput extends Redacted {
  /** The level that applies: that before counts too. */
  redaction: RedactionLevel;
  /** SHA-256 of the file, lowercase hex. */
  sha256: string;
  /** Size of the file, compressed and encrypted if applicable. */
  fileBytes: number;
}

/** Redacts a snapshot on its way to `output`, whose path is `path`, and ends `output`. */
export async function redactTo(
  output: Writable,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { level, recipients, signal, progress }: Redacting,
): Promise<RedactedOutput> {
  const redaction = redactor({ level });
  const sealed = await sealedResult(output, path, recipients);
  const ended: Redacted[] = [];
  let read = 0;
  const stage = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      progress.show(`redacting: ${formatBytes((read += chunk.length))}`, null);
      attempt(done, () => redaction.push(chunk).forEach((part) => stage.push(part)));
    },
    flush(done) {
      attempt(done, () => {
        const end = redaction.end();
        ended.push(end.redacted);
        end.chunks.forEach((part) => stage.push(part));
      });
    },
  });
  await pipeline(Readable.from(chunks, { objectMode: false }), stage, sealed.stream, { signal });
  return {
    ...ended[0],
    redaction: ended[0].provenance.redaction,
    sha256: sealed.sha256(),
    fileBytes: sealed.bytes(),
  };
}

function attempt(done: (error?: Error) => void, work: () => void): void {
  try {
    work();
    done();
  } catch (error) {
    done(error as Error);
  }
}
