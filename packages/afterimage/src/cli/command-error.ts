/** How a command ends when it does not get its work done: one line for people, one exit code for scripts. */

/**
 * The exit codes of every verb. `inspectorOpen`: an inspector that Afterimage made a process open is open still, or may
 * open yet; whether or not the work was done.
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

/** `message` is one line: what happened, the figures it was judged by, what to do. */
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

/** The reader of our standard output has enough (`| head -1`). Nothing to say to anybody. */
export class OutputClosedError extends Error {
  override name = 'OutputClosedError';
}
