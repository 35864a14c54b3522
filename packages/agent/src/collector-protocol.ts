/**
 * What the agent and its collector say to each other: one JSON object a line. The agent speaks on the control
 * descriptor, whose end means that the target is gone; the collector speaks on its standard output.
 */
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import type { CaptureErrorCode } from './errors.js';
import type { ResultKind } from './events.js';
import type { DevelopWhen } from './options.js';

/** The collector's descriptors: the image comes in on 0, reports go out on 1, text for people on 2. */
export const CONTROL_FD = 3;

/** The first line, before anything else. */
export interface CollectorJob {
  type: 'job';
  /** Where the snapshot goes. */
  path: string;
  /** The name to write under until the result is whole. The agent removes it if the collector cannot. */
  temporary: string;
  develop: DevelopWhen;
  /** What the darkroom may take, where it is given. */
  developMemoryMb: number | undefined;
  redact: RedactionLevel;
  /** For whom the result is encrypted; nobody: it is not. */
  recipients: readonly string[];
  /** Whether an image may be stored that is not encrypted. */
  storePlainImage: boolean;
  /** The darkroom, where it is not the package's own. */
  darkroom: string | undefined;
}

export type ToCollector =
  | CollectorJob
  /** The image child runs; its memory is to be watched. */
  | { type: 'forked'; pid: number }
  /** The image child has written everything. A child that failed ends the collector instead. */
  | { type: 'image-complete' };

/** Sizes in bytes, times in milliseconds. */
export type FromCollector =
  /** The temporary file is made, the image may come. */
  | { type: 'ready' }
  /** The image has come in whole. */
  | { type: 'image'; bytes: number; extraBytes: number }
  /** The result is in its place. */
  | {
      type: 'written';
      kind: ResultKind;
      encrypted: boolean;
      path: string;
      bytes: number;
      extraBytes: number;
      developMs?: number;
      ghostLocks?: number;
      /** Of a snapshot. */
      redaction?: RedactionLevel;
      /** Of the file, in hexadecimal. */
      sha256: string;
      /** Why the image was stored and not developed, for the log line. */
      why?: string;
    }
  /** It came to nothing, and the temporary file is removed. `again`: another image may fare better. */
  | { type: 'failed'; code: CaptureErrorCode; detail?: string | undefined; message: string; again: boolean };

export type ReportOf<T extends FromCollector['type']> = Extract<FromCollector, { type: T }>;
