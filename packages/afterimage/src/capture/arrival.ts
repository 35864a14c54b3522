/** What comes from a target, however it was reached. */
import type { DevelopResult } from '@afterimage/image/develop';
import type { CapturedByAgent } from './agent-signal.js';
import type { ImageHeader, ImageStream } from '@afterimage/image/read';

/** An image on its way. */
export interface CapturedImage {
  kind: 'image';
  /** Its end throws when it is not whole. */
  image: ImageStream;
  /** What the capture has taken from the target; to be asked once the image has come in. */
  cost: () => CaptureCost;
  /** The target's inspector where it is open still, in a sentence; to be asked once the image has come in. */
  leftOpen: () => Promise<string | null>;
  /** Ends the image child if it still runs, and whatever else serves the capture. */
  release(): Promise<void>;
}

/** A snapshot on its way that was developed elsewhere, and is not redacted yet. */
export interface DevelopedElsewhere {
  kind: 'developed';
  header: ImageHeader;
  /** Their end throws when they are not whole. */
  chunks: AsyncIterable<Uint8Array>;
  /** To be asked once the snapshot has come in. */
  developed: () => DevelopResult;
  cost: () => CaptureCost;
  leftOpen: () => Promise<string | null>;
  release(): Promise<void>;
}

/** A file on its way that an agent has written, where it is not to be found from here. */
export interface WrittenByAgent {
  kind: 'written';
  /** Of the target, in its container. */
  pid: number;
  result: CapturedByAgent;
  /** The file as it is. Their end throws when they are not whole. */
  chunks: AsyncIterable<Uint8Array>;
  release(): Promise<void>;
}

export type Arrival = CapturedImage | DevelopedElsewhere | WrittenByAgent;

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
