/** Something that can be captured, by whichever way it is reached. */
import type { ProgressLine } from '../cli/progress-line.js';
import type { FoundAgent } from '../capture/agent-signal.js';
import type { Arrival } from '../capture/arrival.js';
import type { HeapReport } from '../heap/report.js';

export interface CaptureTarget {
  /** For people: `process 4711`, `pod shop-7f9c/app`. */
  name: string;
  /** What a result of it is called when nobody says otherwise; null: after its application and process. */
  fileName: string | null;
  /**
   * The agent in it; null where it has none.
   * @throws {CommandError} where there is nothing to look at
   */
  agent?(): Promise<FoundAgent | null>;
  /** @throws {CommandError}, or the signal's reason */
  capture(context: CaptureContext): Promise<Arrival>;
  /**
   * Reads what its heap is made of, without a capture.
   * @throws {CommandError}, or the signal's reason
   */
  heap(context: CaptureContext): Promise<HeapAnswer>;
}

export interface HeapAnswer {
  report: HeapReport;
  /** A sentence about the inspector if it is still open. */
  leftOpen: string | null;
}

export interface CaptureContext {
  signal: AbortSignal;
  /** Shows what is being done. */
  progress: ProgressLine;
  /** What whoever waits should read. */
  say: (line: string) => void;
}
