/** Writes a snapshot or a report to a file, which gets its name only when complete, or to standard output. */
import { openTemporary, outputError, publish } from '@afterimage/host/output-file';
import { removeLeftovers, temporaryName } from '@afterimage/host/temporary';
import { rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { Writable } from 'node:stream';
import { OutputClosedError } from '../cli/command-error.js';
import { alreadyThere, exists } from './destination.js';

/** A file that was written. */
export interface Stored {
  bytes: number;
  /** Lowercase hex. */
  sha256: string;
}

/** Writes everything to the given stream, and ends it. */
export type WriteOutput<T> = (output: Writable) => Promise<T>;

/**
 * Lets `write` fill the file, or standard output for `-`.
 * @param force whether an existing file of that name is replaced
 * @throws like {@link writeOutputFile} and {@link writeStandardOutput}
 */
export async function writeOutput<T>(path: string, force: boolean, write: WriteOutput<T>): Promise<T> {
  return path === '-' ? writeStandardOutput(write) : writeOutputFile(path, force, write);
}

/**
 * Lets `write` fill the file; leaves nothing behind on failure. Removes leftovers of killed commands for this
 * file name, also with another time in it.
 * @throws {OutputError}; {CommandError} if a file of that name appeared meanwhile; or what `write` throws
 */
export async function writeOutputFile<T>(path: string, force: boolean, write: WriteOutput<T>): Promise<T> {
  await removeLeftovers({ results: namesLike(path) }, path);
  const temporary = await temporaryName(path);
  const file = await openTemporary(temporary);
  try {
    const written = await write(writeTo(file, path));
    if (!force && (await exists(path))) throw alreadyThere(path);
    await publish(file, temporary, path);
    return written;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

function namesLike(path: string): RegExp {
  const literal = basename(path).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll(/\d{8}T\d{6}Z/g, String.raw`\d{8}T\d{6}Z`)}$`);
}

/**
 * Lets `write` fill standard output.
 * @throws {OutputClosedError} or what `write` throws
 */
export async function writeStandardOutput<T>(write: WriteOutput<T>): Promise<T> {
  // Never ends standard output itself, which this command may share.
  const output = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      process.stdout.write(chunk, done);
    },
  });
  try {
    return await write(output);
  } catch (error) {
    if (!isClosedPipe(error)) throw error;
    throw new OutputClosedError('standard output was closed', { cause: error });
  }
}

function isClosedPipe(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'EPIPE') || isClosedPipe(error.cause);
}

/** Unlike the file's own stream, leaves the file open to be flushed and renamed. */
function writeTo(file: FileHandle, path: string): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      file.writeFile(chunk).then(
        () => done(),
        (error: unknown) => done(outputError(error, path)),
      );
    },
  });
}
