/** What a test can make go wrong between kubectl and the pods. */

export interface Faults {
  /** What the user may not do: `{ verb: 'create', resource: 'pods/exec' }`. */
  forbidden: { verb: string; resource: string }[];
  /** Milliseconds by which each answer comes later. */
  delayMs: number;
  /**
   * What becomes of each exec when so many bytes of standard output have gone out: the connection is cut, or
   * stays open and nothing passes any more, as when a firewall has forgotten it.
   */
  exec?: { afterStdoutBytes: number; then: 'cut' | 'silence' } | undefined;
}

/** Nothing goes wrong. */
export function noFaults(): Faults {
  return { forbidden: [], delayMs: 0 };
}
