/**
 * The messages between the agent and its collector: one JSON object a line. The agent writes to the control
 * descriptor, whose end means that the target has ended; the collector writes to its standard output.
 */
import type { ImageSize } from '@afterimage/image/read';
import type { LeanCapture } from '@afterimage/v8-heap/needs/lean-capture';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import type { CaptureErrorCode } from './errors.js';
import type { ResultKind } from './events.js';
import type { DevelopWhen } from './options.js';

/** The collector's descriptors: 0 is the image, 1 the reports, 2 text for people, and this one. */
export const CONTROL_FD = 3;

/** The first line. */
export interface CollectorJob {
  type: 'job';
  /** Where the snapshot goes. */
  path: string;
  /** Process ID of the target. */
  target: number;
  /** The expected size of the image, and of V8's heap in it, with what is free there. */
  expected: ImageSize & { heapTotal: number };
  /**
   * The name to write under until the result is complete. The agent removes the file if the collector cannot.
   */
  temporary: string;
  develop: DevelopWhen;
  /** Whether V8's own generator develops, because the reader could not read the last image. */
  byV8: boolean;
  /** How much memory developing may take; undefined for the default. */
  developMemoryMb: number | undefined;
  redact: RedactionLevel;
  /** Recipients to encrypt the result to; not encrypted if empty. */
  recipients: readonly string[];
  /** Whether an unencrypted image may be stored. */
  storePlainImage: boolean;
  /** Whether a stored image has all of the program. */
  wholeImage: boolean;
  /** Path of the darkroom; undefined for the package's own. */
  darkroom: string | undefined;
}

export type ToCollector =
  | CollectorJob
  /** The image child is running; watch its memory. */
  | { type: 'forked'; pid: number }
  /** The image child has written everything. If a child fails, the agent ends the collector instead. */
  | { type: 'image-complete' };

/** The collector's reports. Sizes in bytes, times in milliseconds. */
export type FromCollector =
  /** The temporary file exists; the image may be sent. `lean`: what it leaves out of the program's file. */
  | { type: 'ready'; lean: LeanCapture }
  /** The whole image has been received. */
  | { type: 'image'; bytes: number; extraBytes: number }
  /** The result has been written to its path. */
  | {
      type: 'written';
      kind: ResultKind;
      encrypted: boolean;
      path: string;
      bytes: number;
      extraBytes: number;
      developMs?: number;
      ghostLocks?: number;
      /** Redaction level of a snapshot. */
      redaction?: RedactionLevel;
      /** SHA-256 of the file, lowercase hex. */
      sha256: string;
      /** Why the image was stored instead of developed, for the log line. */
      why?: string;
    }
  /**
   * The capture failed, and the temporary file has been removed. `again`: another image may succeed; `detail` is `unreadable` where
   * only V8's own generator can develop it.
   */
  | { type: 'failed'; code: CaptureErrorCode; detail?: string | undefined; message: string; again: boolean };

export type ReportOf<T extends FromCollector['type']> = Extract<FromCollector, { type: T }>;
