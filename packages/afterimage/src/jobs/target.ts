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
   * Captures.
   * @throws {CommandError}, or the signal's reason
   */
  capture(context: ImageContext): Promise<Arrival>;
  /**
   * Reads what its heap is made of, without a capture.
   * @throws {CommandError}, or the signal's reason
   */
  heap(context: CaptureContext): Promise<HeapAnswer>;
}

export interface ImageContext extends CaptureContext {
  /** What becomes of the image: it is stored, read here, or developed at once by V8's own generator. */
  use: 'store' | 'read' | 'darkroom';
  /** Whether V8's own generator may develop it, which needs all of the program: in the image, or as a file here. */
  needsProgram: boolean;
}

export interface CaptureContext {
  signal: AbortSignal;
  /** Shows the progress. */
  progress: ProgressLine;
  /** Prints a line for the user. */
  say: (line: string) => void;
}
