/**
 * Finds and loads the native addon built for this Node ABI, and gives its few functions types.
 * Everything that is policy (when, where to, what next) is decided in TypeScript above it.
 */

/** What forking cost the target. Times in milliseconds. */
export interface Fork {
  /** The child that writes the image. */
  pid: number;
  /** From the request until all V8 workers stood still. The event loop runs meanwhile. */
  parkMs: number;
  /** The main thread's own standstill: marking mappings, forking, restoring the marks. */
  pauseMs: number;
  /** The part of `pauseMs` spent in fork(2) itself. */
  forkMs: number;
  /** V8 worker threads parked. */
  workers: number;
  /** Memory mappings handed on to the child. */
  mappings: number;
}

/** Why no child was forked. */
export interface ForkFailure {
  code: 'park-timeout' | 'fork-failed' | 'mappings-unreadable' | 'busy';
  message: string;
}

export interface CaptureRequest {
  /** Descriptor the child writes the image to; the caller closes its own copy after the fork. */
  output: number;
  /** UTF-8 JSON that travels inside the image ({@link ImageMetadata}). */
  metadata: Uint8Array;
  /** Gathering V8's workers is given up, with `park-timeout`, after this long. */
  parkTimeoutMs: number;
}

export interface Addon {
  /** A close-on-exec pipe as [read end, write end], 1 MiB deep where the kernel allows. */
  pipe(): [number, number];
  /**
   * Parks V8's workers without blocking the event loop, forks, releases them. `onForked` is called once.
   * If it carried a fork, `onExit` is called once when the child has ended and has been reaped.
   */
  capture(
    request: CaptureRequest,
    onForked: (failure: ForkFailure | null, fork: Fork | null) => void,
    onExit: (exitCode: number | null, signal: number | null) => void,
  ): void;
  /** The same, blocking the caller while the workers gather, at most `parkTimeoutMs`. */
  captureSync(
    request: CaptureRequest,
    onExit: (exitCode: number | null, signal: number | null) => void,
  ): { failure: ForkFailure | null; fork: Fork | null };
}

/** No addon for this platform, architecture or Node ABI. The message says which there are. */
export class UnsupportedPlatformError extends Error {
  override name = 'UnsupportedPlatformError';
}

/** @throws {UnsupportedPlatformError} */
export function loadAddon(): Addon {
  throw new UnsupportedPlatformError('not built yet');
}

/** One sentence for what the image child ended with, or null when it wrote the whole image. */
export function describeChildExit(exitCode: number | null, signal: number | null): string | null {
  return exitCode === 0 ? null : `the image child ended with ${String(exitCode ?? signal)}`;
}
