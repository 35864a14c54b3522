/**
 * Watches memory while a capture runs: adds up what it takes (child, collector, darkroom), and raises
 * the alarm when the headroom falls under the reserve, so that the capture gives way and not the server. Where
 * `memory.oom.group` is set, as Kubernetes does on cgroup v2, nothing else protects the server: the kernel ends all together.
 */
import { readHeadroom, reserveBytes, type Headroom } from './headroom.js';
import { anonymousBytes, privateBytes } from './memory-use.js';

const INTERVAL_MS = 100;

export interface MemoryWatch {
  /** The image child, from its fork to its end. */
  child: number | null;
  /** The darkroom, while it runs. */
  darkroom: number | null;
  /** What the darkroom may take, in bytes; null for no bound but the reserve. */
  darkroomBound: number | null;
  /** Bytes, the highest sum seen. */
  peak(): number;
  /** What the last look found, and the reserve it was held against; null before the first. */
  latest(): Finding | null;
  stop(): void;
}

/** Bytes. */
export interface Finding {
  headroom: Headroom;
  reserve: number;
}

/**
 * @param onLow called once, with what was found
 * @param target the process whose cgroup is watched, where this one is in another: then its own memory does not count
 * @param onDarkroomBound called once, when the darkroom has taken more than its bound
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
    await lookOnce().catch(() => undefined); // no descriptor is left for it: the next look may find one
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
