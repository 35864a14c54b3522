/** What a test can make fail between kubectl and the pods. */

export interface Faults {
  /** What the user may not do: `{ verb: 'create', resource: 'pods/exec' }`. */
  forbidden: { verb: string; resource: string }[];
  /** Milliseconds by which each answer comes later. */
  delayMs: number;
  /** Why no node takes a pod that is created from now on. */
  unschedulable?: string | undefined;
  /** What becomes of execs. */
  exec?: ExecFault | undefined;
}

/**
 * After this many bytes of standard output or input, the connection is cut, or stays open but silent, as if a
 * firewall had forgotten it, or its output slows to a crawl.
 */
export interface ExecFault {
  afterStdoutBytes?: number;
  afterStdinBytes?: number;
  then: 'cut' | 'silence' | 'crawl';
  /** Of so many execs, and none after them; of all by default. */
  times?: number;
}

/** The fault of the next exec. */
export function nextExecFault(faults: Faults): ExecFault | undefined {
  const { exec } = faults;
  if (exec?.times === undefined) return exec;
  return exec.times-- > 0 ? exec : undefined;
}

/** Nothing goes wrong. */
export function noFaults(): Faults {
  return { forbidden: [], delayMs: 0 };
}
