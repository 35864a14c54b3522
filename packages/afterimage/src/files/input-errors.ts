/** What is wrong with a file that was to be read, on one line. */
import { EncryptionError } from '@afterimage/image/encryption';
import { ImageError } from '@afterimage/image/read';
import { SnapshotFormatError } from '@afterimage/snapshot';
import { CommandError } from '../cli/command-error.js';
import { CompressionError } from './compression.js';
import { visible } from '../cli/visible.js';

/** Null for what is not about the file. `name` is what the user called it. */
export function inputFailure(error: unknown, name: string): CommandError | null {
  const failed = (message: string): CommandError =>
    new CommandError('failed', `${name}: ${message}`, { cause: error });
  if (error instanceof SnapshotFormatError) {
    const advice = error.code === 'truncated' ? ': copy it again, or capture again' : '';
    return failed(visible(error.message) + advice);
  }
  if (
    error instanceof ImageError ||
    error instanceof CompressionError ||
    error instanceof EncryptionError ||
    (error instanceof Error && 'syscall' in error && error.syscall === 'read')
  ) {
    return failed(error.message);
  }
  return null;
}
