/**
 * The one error a capture ends with. Its code is stable and for programs, its message is one line for people:
 * what happened, the figures it was judged by, what to do.
 */

export type CaptureErrorCode =
  /** Another capture is running in this process. */
  | 'busy'
  /** An option is wrong: there is no agent. */
  | 'not-installed'
  /** The agent was uninstalled, before or during the capture. */
  | 'uninstalled'
  /** This process cannot be captured in this mode: platform, Node ABI, worker thread, permission model. */
  | 'unsupported'
  /** The path or its directory does not take the result, or writing it failed. */
  | 'output'
  /** Too little disk for the result, before or while writing. */
  | 'disk'
  /** A stored image would not be encrypted, or a recipient is none. */
  | 'unencrypted'
  /** Too little memory, before or during the capture. */
  | 'headroom'
  /** No descriptor, process, thread or memory is left, before or during the capture. */
  | 'resources'
  /** V8's workers did not come to rest in time. */
  | 'park-timeout'
  /** The kernel gave no child. */
  | 'fork-failed'
  /** The child ended before the image was whole. */
  | 'child-failed'
  /** The collector could not be started, or ended before its time. */
  | 'collector-failed'
  /** The image is whole but could not be developed; `detail` is the `DevelopFailure`. */
  | 'develop-failed'
  /** V8 could not write the snapshot in place. */
  | 'inline-failed'
  /** `timeoutMs` have passed. */
  | 'timeout';

export class CaptureError extends Error {
  override name = 'CaptureError';
  /** The finer code of the part that failed, where it has one. */
  readonly detail: string | undefined;
  constructor(
    readonly code: CaptureErrorCode,
    message: string,
    options: ErrorOptions & { detail?: string | undefined } = {},
  ) {
    super(message, options);
    this.detail = options.detail;
  }
}
