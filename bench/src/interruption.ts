/** Ctrl-C and `kill`: one signal for everything that waits, so that what was started is also cleaned up. */

export const interruption = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)));
}
