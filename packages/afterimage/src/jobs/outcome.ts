/** The outcome of a capture, however it was done, as a line for people and as JSON (docs/json.md). */
import { formatBytes, formatMs, roundMs } from '@afterimage/host/format';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { exitCodes, type CommandError } from '../cli/command-error.js';
import type { CapturedByAgent } from '../capture/agent-signal.js';
import type { Developed } from './developing.js';
import type { ImageHeader } from '@afterimage/image/read';
import type { Isolate } from '@afterimage/v8-heap/reader/isolates';
import { formatNumberOf } from '../cli/quantities.js';
import { visible } from '../cli/visible.js';
import type { Maker } from './ways.js';
import { isolateReport, threadText } from './isolates.js';

/** The outcome. Sizes in bytes, times in milliseconds; null for unknown values. */
export interface Captured {
  by: 'agent' | 'inspector';
  /** Name for people: `process 4711`. */
  target: string;
  kind: 'snapshot' | 'image';
  path: string;
  bytes: number;
  sha256: string;
  /** Facts about a snapshot. */
  snapshot: {
    nodes: number | null;
    edges: number | null;
    redaction: RedactionLevel | null;
    developMs: number | null;
    ghostLocks: number | null;
    /** By the reader or by V8's own generator. */
    madeBy: Maker | null;
  } | null;
  cost: {
    pauseMs: number;
    parkMs: number | null;
    forkMs: number | null;
    captureMs: number;
    extraBytes: number | null;
  };
  attempts: number;
  /** The image's metadata. */
  image: object;
  /** Whose heap it is; absent if it was not chosen with `--isolate`. */
  isolate?: Isolate;
}

/** The outcome for a snapshot developed here from the image with this header. */
export function snapshotOutcome(
  header: ImageHeader,
  { fileBytes: bytes, sha256, nodes, edges, redaction, developMs, ghostLocks }: Developed,
  madeBy: Maker,
): Pick<Captured, 'kind' | 'bytes' | 'sha256' | 'snapshot' | 'image'> {
  const snapshot = { nodes, edges, redaction, developMs, ghostLocks, madeBy };
  return { kind: 'snapshot', bytes, sha256, snapshot, image: imageOf(header) };
}

/** Returns an image's metadata, without what only mattered for reading it. */
export function imageOf({ metadata, imageBytes }: ImageHeader): Captured['image'] {
  return { bytes: imageBytes, ...metadata, request: undefined };
}

/** Returns what an agent reports about a capture, independent of its result. */
export function agentOutcome({
  pauseMs,
  parkMs,
  forkMs,
  captureMs,
  extraBytes,
  imageBytes,
}: CapturedByAgent): Pick<Captured, 'by' | 'cost' | 'image'> {
  return {
    by: 'agent',
    cost: { pauseMs, parkMs, forkMs, captureMs, extraBytes },
    image: imageBytes === null ? {} : { bytes: imageBytes },
  };
}

/** Returns what is known about an agent's snapshot; null for an image. */
export function agentSnapshot({
  kind,
  redaction,
  developMs,
  ghostLocks,
}: CapturedByAgent): Captured['snapshot'] {
  return kind === 'image'
    ? null
    : { nodes: null, edges: null, redaction, developMs, ghostLocks, madeBy: null };
}

export function summary({ target, kind, path, bytes, sha256, snapshot, cost, isolate }: Captured): string {
  const { pauseMs, captureMs, extraBytes } = cost;
  const nodes = snapshot?.nodes ?? null;
  const redaction = snapshot?.redaction ?? null;
  const what =
    (nodes === null ? '' : `, ${formatNumberOf(nodes, 'node')}`) +
    (redaction === null ? '' : `; redacted: ${redaction}`);
  const memory = extraBytes === null ? '' : `, ${formatBytes(extraBytes)} extra memory`;
  const name = path === '-' ? '' : ` ${visible(path)}`;
  const thread = isolate === undefined ? '' : ` of ${threadText(isolate)}${name === '' ? '' : ','}`;
  return (
    `wrote the ${kind}${thread}${name} (${formatBytes(bytes)}${what}), sha256 ${sha256}; ${target} was paused for ` +
    `${formatMs(pauseMs)}; image received in ${formatMs(captureMs)}${memory}`
  );
}

export function report(captured: Captured): object {
  const { target, by, kind, path, bytes, sha256, snapshot, cost, attempts, image, isolate } = captured;
  return {
    target,
    by,
    kind,
    path,
    bytes,
    sha256,
    ...known({ ...snapshot, developMs: rounded(snapshot?.developMs ?? null) }),
    ...known({
      pauseMs: rounded(cost.pauseMs),
      parkMs: rounded(cost.parkMs),
      forkMs: rounded(cost.forkMs),
      captureMs: rounded(cost.captureMs),
      extraBytes: cost.extraBytes,
    }),
    attempts,
    image,
    ...(isolate === undefined ? {} : { isolate: isolateReport(isolate) }),
  };
}

/** What `capture --json` prints for a target that could not be captured. */
export function failureReport(target: string, { failure, message }: CommandError): object {
  const code = failure.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { target, error: { code, message, exitCode: exitCodes[failure] } };
}

function known(fields: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : roundMs(ms);
}
