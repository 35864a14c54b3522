/**
 * What the whole process took when its heap was captured. A snapshot's header carries it, because most of what a
 * process takes lies outside V8's heap and so is not in the snapshot.
 */

/** What a process takes, most of it outside V8's heap. Sizes in bytes. */
export interface ProcessFigures {
  rss: number;
  heapUsed: number;
  heapTotal: number;
  heapLimit: number;
  /** Memory of C++ objects that JavaScript holds and that V8 was told of; array buffers are a part of it. */
  external: number;
  arrayBuffers: number;
  /** Null where the operating system does not say. */
  threads: number | null;
  /** Open file descriptors; null where they cannot be counted. */
  descriptors: number | null;
  /** What the memory cgroup is charged for, its tightest limit, and the page cache in it; null outside of one. */
  cgroup: { usage: number; limit: number | null; cache: number } | null;
}

const REQUIRED = ['rss', 'heapUsed', 'heapTotal', 'heapLimit', 'external', 'arrayBuffers'] as const;

/** As it stands in a header; null unless all that must be there is a number, since anyone may write snapshots. */
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
