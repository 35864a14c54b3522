/**
 * Figures of the whole process at the time of the capture. A snapshot's header contains them, because most of
 * a process's memory is outside V8's heap and so not in the snapshot.
 */

/** Resource use of a process, mostly outside V8's heap. Sizes in bytes. */
export interface ProcessFigures {
  rss: number;
  heapUsed: number;
  heapTotal: number;
  heapLimit: number;
  /** Memory of C++ objects that JavaScript holds and that V8 was told about; includes array buffers. */
  external: number;
  arrayBuffers: number;
  /** Null if the operating system does not report it. */
  threads: number | null;
  /** Number of open file descriptors; null if they cannot be counted. */
  descriptors: number | null;
  /** Memory cgroup: what it is charged for, its tightest limit, and its page cache; null outside of one. */
  cgroup: { usage: number; limit: number | null; cache: number } | null;
}

const REQUIRED = ['rss', 'heapUsed', 'heapTotal', 'heapLimit', 'external', 'arrayBuffers'] as const;

/**
 * Reads the figures from a header; null unless all required fields are numbers, because snapshots come from
 * anywhere.
 */
export function figuresOf(found: unknown): ProcessFigures | null {
  const fields = record(found);
  if (fields === null) return null;
  const required = REQUIRED.map((name) => [name, figure(fields[name])] as const);
  if (required.some(([, value]) => value === null)) return null;
  const cgroup = record(fields['cgroup']);
  const [usage, cache] = [figure(cgroup?.['usage']), figure(cgroup?.['cache'])];
  return {
    ...(Object.fromEntries(required) as Record<(typeof REQUIRED)[number], number>),
    threads: figure(fields['threads']),
    descriptors: figure(fields['descriptors']),
    cgroup: usage === null || cache === null ? null : { usage, limit: figure(cgroup?.['limit']), cache },
  };
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

function figure(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
