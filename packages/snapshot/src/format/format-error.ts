/** Says what is wrong with a file that should be a heap snapshot, and where. */

export type SnapshotFormatErrorCode = 'not-a-snapshot' | 'truncated' | 'malformed';

/**
 * The file is not a valid snapshot. `offset` is the byte at which that was noticed; for a truncated snapshot,
 * its length.
 */
export class SnapshotFormatError extends Error {
  override name = 'SnapshotFormatError';
  constructor(
    readonly code: SnapshotFormatErrorCode,
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

export function notASnapshot(offset: number, reason: string): SnapshotFormatError {
  return new SnapshotFormatError('not-a-snapshot', offset, `not a heap snapshot: ${reason}`);
}

export function truncated(bytes: number, expected?: string): SnapshotFormatError {
  const missing = expected === undefined ? '' : `, where ${expected} was expected`;
  return new SnapshotFormatError('truncated', bytes, `the snapshot breaks off at byte ${bytes}${missing}`);
}

/** Returns the error for a snapshot that is found to be truncated before all of its bytes have been read. */
export function tooShort(bytes: number, reason: string): SnapshotFormatError {
  return new SnapshotFormatError('truncated', bytes, `the snapshot breaks off at byte ${bytes}: ${reason}`);
}

export function malformed(offset: number, found: string): SnapshotFormatError {
  return new SnapshotFormatError(
    'malformed',
    offset,
    `the snapshot is malformed at byte ${offset}: ${found}`,
  );
}

/** Returns the error for a graph that is in no file. */
export function contradictory(found: string): SnapshotFormatError {
  return new SnapshotFormatError('malformed', 0, `the graph contradicts itself: ${found}`);
}

export function unexpected(byte: number, offset: number, expected: string): SnapshotFormatError {
  const found = byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;
  return malformed(offset, `${found} where ${expected} was expected`);
}
