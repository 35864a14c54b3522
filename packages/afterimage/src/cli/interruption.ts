/** Ctrl-C and similar signals cancel the current work, which cleans up; then they have their usual effect. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class InterruptedError extends Error {
  override name = 'InterruptedError';
  constructor(
    readonly signal: NodeJS.Signals,
    outcome = 'nothing was written',
  ) {
    super(`interrupted by ${signal}; ${outcome}`);
  }
}

/**
 * Returns a signal that aborts with an {@link InterruptedError} at the first of the signals. A second one
 * ends the process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const each of SIGNALS) process.off(each, onSignal);
    controller.abort(new InterruptedError(signal));
  };
  for (const each of SIGNALS) process.on(each, onSignal);
  return controller.signal;
}
