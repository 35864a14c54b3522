/** How a command ends if it fails: one line for people, one exit code for scripts. */

/**
 * The exit codes of every verb. `inspectorOpen`: an inspector that Afterimage opened in a process is still
 * open, or may be, whether or not the work was done.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  targetGone: 4,
  inspectorOpen: 5,
} as const;

export type Failure = Exclude<keyof typeof exitCodes, 'done'>;

/** `message` is one line: what happened, the figures, what to do. */
export class CommandError extends Error {
  override name = 'CommandError';
  constructor(
    readonly failure: Failure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The reader of standard output has ended (`| head -1`). Nothing is printed. */
export class OutputClosedError extends Error {
  override name = 'OutputClosedError';
}
