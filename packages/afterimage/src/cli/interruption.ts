/** Ctrl-C and its kin call off the work in hand, which cleans up; then they do what they always do. */

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

/** Aborted by the first of the signals, with an {@link InterruptedError}. A second one is not waited for. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const each of SIGNALS) process.off(each, onSignal);
    controller.abort(new InterruptedError(signal));
  };
  for (const each of SIGNALS) process.on(each, onSignal);
  return controller.signal;
}
