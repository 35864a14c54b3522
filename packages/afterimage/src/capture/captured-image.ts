/** An image on its way from a target, however it was reached. */
import type { ImageStream } from '@afterimage/agent/image';

export interface CapturedImage {
  /** Its end throws when it is not whole. */
  image: ImageStream;
  /** What the capture has taken from the target; to be asked once the image has come in. */
  cost(): CaptureCost;
  /** Ends the image child if it still runs, and whatever else serves the capture. */
  release(): Promise<void>;
}

/** Times in milliseconds, sizes in bytes. */
export interface CaptureCost {
  /** The target's main thread stood still for so long. */
  pauseMs: number;
  /** V8's workers were brought to rest in it. */
  parkMs: number;
  forkMs: number;
  /** From the request until the target had no more part in it. */
  captureMs: number;
  /** Peak of the memory that the capture took where the target is. */
  extraBytes: number;
}
