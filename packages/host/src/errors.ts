/** Turns any thrown value into text. */

/** Returns the thrown value's message as one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** Returns the `code` of a system error (`ENOENT`, …) or of any other error that has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Errors by which the kernel says that this process or the machine has too little left. */
const SHORTAGES = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS'];

/** Tells whether a system call failed for want of a resource, which says nothing about what was asked for. */
export function isShortage(error: unknown): boolean {
  return SHORTAGES.includes(codeOf(error) ?? '');
}

/**
 * Returns a handler for a read of what may be gone or closed to this user, which then counts as `fallback`. It throws the
 * error of a shortage: a process must not seem gone, or without limits, because this one has no descriptor left.
 */
export function orElse<T>(fallback: T): (error: unknown) => T {
  return (error) => {
    if (isShortage(error)) throw error;
    return fallback;
  };
}
