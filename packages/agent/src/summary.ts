/**
 * Limits how often something is reported: the first time at once, then at most once per interval, with the
 * count since. Keeps one number and the latest value, however many there are.
 */

/**
 * Creates a limited reporter.
 * @param say receives the latest value and how many it stands for
 * @returns the function to call each time
 */
export function summarize<T>(
  intervalMs: number,
  say: (latest: T, count: number) => void,
): (value: T) => void {
  let pending: { latest: T; count: number } | null = null;
  let quiet = false;
  const open = (): void => {
    quiet = pending !== null;
    if (pending === null) return;
    const { latest, count } = pending;
    pending = null;
    setTimeout(open, intervalMs).unref();
    say(latest, count);
  };
  return (value) => {
    pending = { latest: value, count: (pending?.count ?? 0) + 1 };
    if (!quiet) open();
  };
}
