/**
 * A promise that is settled from outside (Promise.withResolvers, which Node 20 lacks). Nobody has to wait for it:
 * its rejection alone is never "unhandled".
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
 * Waits for the promise, but no longer than until the signal aborts; then rejects with the signal's reason.
 * The promise itself goes on.
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

/** A wait that keeps no process alive and ends early, with the signal's reason, when that aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const over = deferred<undefined>();
  const timer = setTimeout(() => over.resolve(undefined), ms).unref();
  try {
    await untilAborted(over.promise, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits no longer than `ms` for the promise, then rejects with that error. Keeps no process alive. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const over = deferred<never>();
  const timer = setTimeout(() => over.reject(late()), ms).unref();
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
