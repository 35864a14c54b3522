/**
 * A promise that is settled from outside, like Promise.withResolvers, which Node 20 lacks. Its rejection
 * never counts as unhandled, even if no code waits for it.
 */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  const made = {} as Deferred<T>;
  made.promise = new Promise<T>((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  made.promise.catch(() => undefined);
  return made;
}

/**
 * Waits for the promise until the signal aborts, then rejects with the signal's reason. The promise itself is
 * not canceled.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = deferred<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Waits `ms` milliseconds without keeping the process alive. Rejects with the signal's reason if the signal
 * aborts first.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const over = deferred<undefined>();
  const timer = setTimeout(() => over.resolve(undefined), ms).unref();
  try {
    await untilAborted(over.promise, signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits at most `ms` milliseconds for the promise, then rejects with the error that `late` returns. Does not
 * keep the process alive.
 */
export async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const over = deferred<never>();
  const timer = setTimeout(() => over.reject(late()), ms).unref();
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
