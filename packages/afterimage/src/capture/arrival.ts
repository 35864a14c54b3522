/** What arrives from a target, however it was reached. */
import type { DevelopResult } from '@afterimage/image/develop';
import type { CapturedByAgent } from './agent-signal.js';
import type { ImageHeader, ImageStream } from '@afterimage/image/read';

/** An image on its way. */
export interface CapturedImage {
  kind: 'image';
  /** Throws at its end if it is incomplete. */
  image: ImageStream;
  /** What the capture cost the target; available once the image has arrived. */
  cost: () => CaptureCost;
  /** A sentence about the target's inspector if it is still open; available once the image has arrived. */
  leftOpen: () => Promise<string | null>;
  /** Ends the image child if it is still running, and everything else of the capture. */
  release(): Promise<void>;
}

/** A snapshot on its way that was developed elsewhere and is not redacted yet. */
export interface DevelopedElsewhere {
  kind: 'developed';
  header: ImageHeader;
  /** Throws at its end if it is incomplete. */
  chunks: AsyncIterable<Uint8Array>;
  /** Available once the snapshot has arrived. */
  developed: () => DevelopResult;
  cost: () => CaptureCost;
  leftOpen: () => Promise<string | null>;
  release(): Promise<void>;
}

/** A file on its way that an agent has written and that is not reachable from here. */
export interface WrittenByAgent {
  kind: 'written';
  /** Process ID of the target in its container. */
  pid: number;
  result: CapturedByAgent;
  /** The unchanged file. Throws at its end if it is incomplete. */
  chunks: AsyncIterable<Uint8Array>;
  release(): Promise<void>;
}

export type Arrival = CapturedImage | DevelopedElsewhere | WrittenByAgent;

/** The cost of a capture. Times in milliseconds, sizes in bytes. */
export interface CaptureCost {
  /** How long the target's main thread was blocked. */
  pauseMs: number;
  /** The part in which V8's workers were parked. */
  parkMs: number;
  forkMs: number;
  /** From the request until the target had nothing more to do. */
  captureMs: number;
  /** Peak memory that the capture used on the target's side. */
  extraBytes: number;
}
