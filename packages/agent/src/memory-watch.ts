/**
 * Watches memory while a capture runs: adds up what it takes (child, collector, developer program), and raises
 * the alarm when the headroom falls under the reserve, so that the capture gives way and not the server.
 */
import { readHeadroom, reserveBytes, type Headroom } from './headroom.js';
import { anonymousBytes, privateBytes } from './memory-use.js';

const INTERVAL_MS = 100;

export interface MemoryWatch {
  /** The image child, from its fork to its end. */
  child: number | null;
  /** The developer program, while it runs. */
  developer: number | null;
  /** Bytes, the highest sum seen. */
  peak(): number;
  stop(): void;
}

/** @param onLow called once, with what was found */
export function watchMemory(onLow: (headroom: Headroom) => void): MemoryWatch {
  let peak = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const watch: MemoryWatch = {
    child: null,
    developer: null,
    peak: () => peak,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
  const look = async (): Promise<void> => {
    const [own, child, developer, headroom] = await Promise.all([
      anonymousBytes('self'),
      watch.child === null ? 0 : privateBytes(watch.child),
      watch.developer === null ? 0 : anonymousBytes(watch.developer),
      readHeadroom(),
    ]);
    peak = Math.max(peak, own + child + developer);
    if (stopped) return;
    if (headroom.available < reserveBytes(headroom.limit)) {
      watch.stop();
      onLow(headroom);
      return;
    }
    timer = setTimeout(() => void look(), INTERVAL_MS).unref();
  };
  void look();
  return watch;
}
