/** Something that can be captured, however it is reached. */
import type { ProgressLine } from '../cli/progress-line.js';
import type { FoundAgent } from '../capture/agent-signal.js';
import type { Arrival } from '../capture/arrival.js';
import type { HeapAnswer } from '../heap/report.js';

export interface CaptureTarget {
  /** Name for people: `process 4711`, `pod shop-7f9c/app`. */
  name: string;
  /** Default file name for its result; null to use its application and process. */
  fileName: string | null;
  /**
   * Returns its agent; null if it has none.
   * @throws {CommandError} if the target does not exist
   */
  agent?(): Promise<FoundAgent | null>;
  /**
   * Captures. With `storesImage`, the image is stored as it arrives; otherwise it is developed at once.
   * @throws {CommandError}, or the signal's reason
   */
  capture(context: CaptureContext & { storesImage: boolean }): Promise<Arrival>;
  /**
   * Reads what its heap is made of, without a capture.
   * @throws {CommandError}, or the signal's reason
   */
  heap(context: CaptureContext): Promise<HeapAnswer>;
}

export interface CaptureContext {
  signal: AbortSignal;
  /** Shows the progress. */
  progress: ProgressLine;
  /** Prints a line for the user. */
  say: (line: string) => void;
}
