/**
 * Watches memory during a capture: sums up what child, collector and darkroom use, and reports when the
 * headroom falls below the reserve, so that the capture aborts before the server runs out of memory. With
 * `memory.oom.group`, which Kubernetes sets on cgroup v2, nothing else protects the server: the kernel would
 * kill all of the group's processes together.
 */
import { readHeadroom, reserveBytes, type Headroom } from './headroom.js';
import { anonymousBytes, privateBytes } from './memory-use.js';

const INTERVAL_MS = 100;

export interface MemoryWatch {
  /** Process ID of the image child; null before its fork and after its end. */
  child: number | null;
  /** Process ID of the darkroom while it runs, otherwise null. */
  darkroom: number | null;
  /** How many bytes the darkroom may use; null if only the reserve limits it. */
  darkroomBound: number | null;
  /** Returns the highest sum seen, in bytes. */
  peak(): number;
  /** Returns the latest measurement and the reserve that applied to it; null before the first. */
  latest(): Finding | null;
  stop(): void;
}

/** A measurement, in bytes. */
export interface Finding {
  headroom: Headroom;
  reserve: number;
}

/**
 * Starts watching; the caller must call `stop`.
 * @param onLow called once, with what was measured
 * @param target the process whose cgroup is watched, if it is in another cgroup: then this process's memory
 * does not count
 * @param onDarkroomBound called once, when the darkroom uses more than its bound
 */
export function watchMemory(
  onLow: (found: Finding) => void,
  target?: number,
  onDarkroomBound: (taken: number, bound: number) => void = () => undefined,
): MemoryWatch {
  let peak = 0;
  let latest: Finding | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const watch: MemoryWatch = {
    child: null,
    darkroom: null,
    darkroomBound: null,
    peak: () => peak,
    latest: () => latest,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
  const look = async (): Promise<void> => {
    await lookOnce().catch(() => undefined); // out of descriptors: the next check may get one
    if (!stopped) timer = setTimeout(() => void look(), INTERVAL_MS).unref();
  };
  const lookOnce = async (): Promise<void> => {
    const [own, child, darkroom, headroom] = await Promise.all([
      target === undefined ? anonymousBytes('self') : 0,
      watch.child === null ? 0 : privateBytes(watch.child),
      watch.darkroom === null ? 0 : anonymousBytes(watch.darkroom),
      readHeadroom('/', target),
    ]);
    peak = Math.max(peak, own + child + darkroom);
    if (stopped) return;
    const reserve = reserveBytes(headroom.limit, watch.darkroom !== null);
    latest = { headroom, reserve };
    if (headroom.available < reserve) {
      watch.stop();
      onLow(latest);
    } else if (watch.darkroomBound !== null && darkroom > watch.darkroomBound) {
      watch.stop();
      onDarkroomBound(darkroom, watch.darkroomBound);
    }
  };
  void look();
  return watch;
}
