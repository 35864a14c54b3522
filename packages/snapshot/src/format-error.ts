/** What is wrong with a file that should be a heap snapshot, and where. */

export type SnapshotFormatErrorCode = 'not-a-snapshot' | 'truncated' | 'malformed';

/** `offset` is the byte at which it was noticed; of a truncated snapshot, its length. */
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

export function malformed(offset: number, found: string): SnapshotFormatError {
  return new SnapshotFormatError(
    'malformed',
    offset,
    `the snapshot is malformed at byte ${offset}: ${found}`,
  );
}
