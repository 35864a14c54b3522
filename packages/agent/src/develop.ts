/**
 * Runs the developer program: it restores an image in a sandboxed process of its own, in which V8 writes
 * the heap snapshot. Needs no privilege, and not the Node version that was captured.
 */
import type { Writable } from 'node:stream';
import type { ImageStream } from './image.js';

export interface DevelopProgress {
  /** restoring: image bytes read; taking: V8's own count of heap objects; writing: snapshot bytes (total unknown: 0). */
  phase: 'restoring' | 'taking' | 'writing';
  done: number;
  total: number;
}

export interface DevelopOptions {
  signal?: AbortSignal;
  onProgress?: (progress: DevelopProgress) => void;
  /** Called with the pid of the developer program, for whoever watches its memory. */
  onStart?: (pid: number) => void;
  /** Given up when the program neither burns CPU nor writes for this long. Default 30,000. */
  stallMs?: number;
  /** The developer program, for tests. Default: the one that was built or installed with this package. */
  program?: string;
}

export interface DevelopResult {
  snapshotBytes: number;
  developMs: number;
  /** Locks that threads lost in the fork still held, cleared on the way. */
  ghostLocks: number;
}

export type DevelopFailure =
  | 'truncated'
  | 'corrupt'
  | 'wrong-architecture'
  | 'missing-cpu-features'
  | 'address-unavailable'
  | 'sandbox-unavailable'
  | 'out-of-memory'
  | 'forbidden-system-call'
  | 'stalled'
  | 'crashed'
  | 'killed'
  | 'program-missing'
  | 'output-failed'
  | 'aborted';

/** Developing failed. `code` is stable, `message` says what happened and what to do. */
export class DevelopError extends Error {
  override name = 'DevelopError';
  constructor(
    readonly code: DevelopFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Develops an image: writes the snapshot to `output` and ends it. Nothing is closed or removed on failure;
 * that is for the owner of `output`.
 * @throws {DevelopError}
 */
export function develop(
  _image: ImageStream,
  _output: Writable,
  _options: DevelopOptions = {},
): Promise<DevelopResult> {
  return Promise.reject(new DevelopError('program-missing', 'not built yet'));
}
