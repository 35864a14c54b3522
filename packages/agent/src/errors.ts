/**
 * The one type of error that a capture ends with. Its code is stable and for programs; its message is one
 * line for people: what happened, the figures, what to do.
 */

export type CaptureErrorCode =
  /** Another capture is running in this process. */
  | 'busy'
  /** An option is wrong, so there is no agent. */
  | 'not-installed'
  /** The agent was uninstalled, before or during the capture. */
  | 'uninstalled'
  /** This process cannot be captured in this mode: platform, Node ABI, worker thread, permission model. */
  | 'unsupported'
  /** The path or its directory does not accept the result, or writing failed. */
  | 'output'
  /** Not enough disk space for the result, before or while writing. */
  | 'disk'
  /** A stored image would not be encrypted, or a recipient is invalid. */
  | 'unencrypted'
  /** Not enough memory, before or during the capture. */
  | 'headroom'
  /** No descriptor, process, thread or memory is left, before or during the capture. */
  | 'resources'
  /** V8's workers did not park in time. */
  | 'park-timeout'
  /** The kernel refused to fork. */
  | 'fork-failed'
  /** The child ended before the image was complete. */
  | 'child-failed'
  /** The collector could not be started, or ended too early. */
  | 'collector-failed'
  /** The image is complete but could not be developed; `detail` is the `DevelopFailure`. */
  | 'develop-failed'
  /** V8 could not write the snapshot in this process. */
  | 'inline-failed'
  /** `timeoutMs` has elapsed. */
  | 'timeout';

export class CaptureError extends Error {
  override name = 'CaptureError';
  /** More specific code from the part that failed, if any. */
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
