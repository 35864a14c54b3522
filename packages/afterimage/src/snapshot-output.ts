/**
 * Where a snapshot goes: a file, which gets its name only when a whole snapshot is in it, or standard output.
 * Whatever is written is checked on its way.
 */
import { outlineSnapshot, type SnapshotOutline } from '@afterimage/snapshot';
import { rm, type FileHandle } from 'node:fs/promises';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openTemporary, publish, temporaryName } from './agent-parts.js';
import { OutputClosedError } from './command-error.js';

/** Writes a snapshot to the stream it is given, and ends it. */
export type WriteSnapshot<T> = (output: Writable) => Promise<T>;

/**
 * Has `write` fill the file; on any failure nothing is left of it.
 * @throws {OutputError | SnapshotFormatError} or what `write` throws
 */
export async function writeSnapshotFile<T>(
  path: string,
  write: WriteSnapshot<T>,
): Promise<T & { outline: SnapshotOutline }> {
  const temporary = await temporaryName(path);
  const file = await openTemporary(temporary);
  try {
    const written = await writeChecked(writeTo(file), write);
    await publish(file, temporary, path);
    return written;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** @throws {OutputClosedError | SnapshotFormatError} or what `write` throws */
export async function writeSnapshotToStandardOutput<T>(
  write: WriteSnapshot<T>,
): Promise<T & { outline: SnapshotOutline }> {
  try {
    return await writeChecked(process.stdout, write);
  } catch (error) {
    if (!isClosedPipe(error)) throw error;
    throw new OutputClosedError('standard output was closed', { cause: error });
  }
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

/** Unlike the file's own stream, it leaves the file open to be put on the disk and named. */
function writeTo(file: FileHandle): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      file.writeFile(chunk).then(() => done(), done);
    },
  });
}

async function writeChecked<T>(
  sink: Writable,
  write: WriteSnapshot<T>,
): Promise<T & { outline: SnapshotOutline }> {
  const outliner = outlineSnapshot();
  const check = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      try {
        outliner.push(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const sinkErrors: Error[] = [];
  sink.on('error', (error) => sinkErrors.push(error));
  const [arrived, written] = await Promise.allSettled([
    pipeline(check, sink, { end: sink !== process.stdout }),
    write(check).catch((error: unknown) => {
      check.destroy(error as Error);
      throw error;
    }),
  ]);
  // A sink that fails makes the writer fail too; then the sink knows why, else the writer.
  if (sinkErrors[0]) throw sinkErrors[0];
  if (written.status === 'rejected') throw written.reason;
  if (arrived.status === 'rejected') throw arrived.reason;
  return { ...written.value, outline: outliner.end() };
}
