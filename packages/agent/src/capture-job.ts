/** One capture, as its parts see it. */
import type { Emit } from './events.js';
import type { Settings } from './options.js';
import type { Readiness } from './readiness.js';
import type { Reserve } from './reserve.js';

export interface CaptureJob {
  settings: Settings;
  readiness: Readiness;
  reserve: Reserve;
  /** Where the snapshot goes, with placeholders filled in. */
  path: string;
  /** `performance.now()` when the capture was requested. */
  startedAt: number;
  /** Aborts with the {@link CaptureError} that the capture should end with. */
  signal: AbortSignal;
  emit: Emit;
}
