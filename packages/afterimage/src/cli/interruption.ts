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

/** For work that leaves nothing behind if it is simply killed. */
export const uninterrupted: AbortSignal = new AbortController().signal;

/**
 * Returns a signal that aborts with an {@link InterruptedError} at the first of the signals. A second one
 * ends the process at once.
 */
export function interruption(): AbortSignal {
  return interruptible().signal;
}

/** Lets `work` clean up at the first of the signals, which have their usual effect again after it. */
export async function whileInterruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, end } = interruptible();
  try {
    const done = await work(signal);
    signal.throwIfAborted();
    return done;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    end();
  }
}

function interruptible(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const end = (): void => {
    for (const each of SIGNALS) process.off(each, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    end();
    controller.abort(new InterruptedError(signal));
  };
  for (const each of SIGNALS) process.on(each, onSignal);
  return { signal: controller.signal, end };
}
