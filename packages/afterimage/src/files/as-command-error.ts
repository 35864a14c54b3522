/** Turns the errors of the packages, of Node, and of the system into the command's own: one line and an exit code. */
import { DevelopError } from '@afterimage/image/develop';
import { EncryptionError } from '@afterimage/image/encryption';
import { ImageError } from '@afterimage/image/read';
import { isShortage } from '@afterimage/host/errors';
import { OutputError, outputError } from '@afterimage/host/output-file';
import { SnapshotFormatError } from '@afterimage/snapshot/redaction';
import { HeapTooLargeError } from '@afterimage/v8-heap/reader/load';
import { UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import { dirname, resolve } from 'node:path';
import { CommandError } from '../cli/command-error.js';
import { systemFailure } from '../cli/system-failure.js';
import { visible } from '../cli/visible.js';
import { CompressionError } from './compression.js';

/** What the work that failed read and wrote. */
export interface Work {
  /** As the user calls it: a path, `standard input`, a process, a pod. */
  input: string;
  /** The path of the result; absent where nothing is written. */
  output?: string;
}

/** Returns a `CommandError`, or `error` itself when it is none that Afterimage expects. */
export function asCommandError(error: unknown, work: Work): unknown {
  if (error instanceof CommandError) return error;
  if (error instanceof DevelopError) return developFailure(error, work);
  return inputFailure(error, work) ?? outputFailure(error, work) ?? systemFailure(error) ?? error;
}

function developFailure(error: DevelopError, work: Work): unknown {
  const { cause } = error;
  if (cause instanceof CommandError) return cause;
  if (error.code === 'output-failed') return outputFailure(cause, work) ?? error;
  return inputFailure(cause, work) ?? shortage(cause) ?? failed(`${work.input}: ${error.message}`, error);
}

/** Null for what is not about the input. */
function inputFailure(error: unknown, { input, output }: Work): CommandError | null {
  const says = (message: string): CommandError => failed(`${input}: ${message}`, error);
  if (error instanceof SnapshotFormatError) {
    const advice = error.code === 'truncated' ? ': copy it again, or capture again' : '';
    return says(visible(error.message) + advice);
  }
  if (error instanceof ImageError || error instanceof CompressionError || error instanceof EncryptionError)
    return says(error.message);
  if (error instanceof UnreadableHeapError || error instanceof HeapTooLargeError)
    return says(`${visible(error.message)}; let V8 develop it: --by v8`);
  if (isSystemError(error) && (error.syscall === 'read' || output === undefined)) return says(error.message);
  if (isAllocationFailure(error))
    return says('there is not enough memory to read it; that takes up to 1.5 times its size');
  return null;
}

/** Null for what is not about the output. */
function outputFailure(error: unknown, { output }: Work): CommandError | null {
  if (output === undefined || !(error instanceof OutputError || isOfFile(error, output))) return null;
  const cause = error instanceof OutputError ? error.cause : error;
  return shortage(cause) ?? failed(outputError(error, output).message, error);
}

/** What this process has too little of; null for other errors. */
function shortage(error: unknown): CommandError | null {
  return isShortage(error) ? systemFailure(error) : null;
}

const FILE_CALLS =
  /^(access|chmod|close|f?datasync|f?sync|f?truncate|f?stat|link|lstat|mkdir|open|rename|unlink|write)$/;

/** Whether a system call that failed was about that file: a socket or a file in /proc is not. */
function isOfFile(error: unknown, path: string): boolean {
  if (!isSystemError(error) || !FILE_CALLS.test(String(error.syscall))) return false;
  if (!('path' in error) || typeof error.path !== 'string') return true;
  return dirname(resolve(error.path)) === dirname(resolve(path));
}

function failed(message: string, cause: unknown): CommandError {
  return new CommandError('failed', message, { cause });
}

function isSystemError(error: unknown): error is Error & { syscall: unknown } {
  return error instanceof Error && 'syscall' in error;
}

/** V8 gives its errors no code: MessageTemplate kArrayBufferAllocationFailed and kInvalidTypedArrayLength. */
function isAllocationFailure(error: unknown): boolean {
  return (
    error instanceof RangeError && /allocation failed|invalid (typed )?array length/i.test(error.message)
  );
}
