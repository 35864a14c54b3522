/**
 * Attaches to an unprepared process: makes it open its inspector, calls one function in it, which forks the
 * image child, and makes it close the inspector again while the image streams in.
 */
import type { ImageMetadata, ImageStream } from '@afterimage/image/read';
import { describeChildExit, type Fork } from '@afterimage/image/native-part';
import { readProcessFigures, type ProcessFigures } from '@afterimage/host/process-figures';
import { untilAborted, within } from '@afterimage/host/deferred';
import type { LeanCapture } from '@afterimage/v8-heap/needs/lean-capture';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../cli/command-error.js';
import { readStatus } from '@afterimage/host/process-status';
import { placeAddon, type VersionedAddon } from './addon-place.js';
import { takeCaptureLock, type Lock } from './attach-lock.js';
import { whileAttaching, withInspector, type Borrowed, type InspectorJob } from './borrowed-inspector.js';
import { captureFunction, type Answer, type KnownInTarget } from './in-target.js';
import type { LeftOpen } from './left-open.js';
import { starved, unlessStarved } from './starved-child.js';
import { openRendezvous, type Rendezvous } from './rendezvous.js';

export type AttachStep = 'queued' | 'waiting' | 'attached' | 'forked' | 'left';

export interface AttachJob extends VersionedAddon, InspectorJob {
  /** The application's name. */
  name: string;
  nodeVersion: string;
  /** What the image leaves out of the program's file. */
  lean: LeanCapture;
  onStep?: ((step: AttachStep) => void) | undefined;
}

export interface Attachment {
  fork: Fork;
  /** How long the target's main thread was blocked, in milliseconds. */
  heldMs: number;
  /** Throws at its end if it is incomplete. */
  image: ImageStream;
  /** The target's inspector if it is still open. */
  left: LeftOpen | null;
  /** Kills the image child if it is still running. */
  release: () => void;
}

const PARK_MS = 200;
/** Waits before the next attempt, in milliseconds. */
const WAITS = [100, 250, 500, 1_000];
/** The child gathers its memory before it sends the first byte. */
const HEADER_MS = 60_000;
const REPORT_MS = 2_000;

/**
 * Attaches and forks.
 * @throws {CommandError}, or the signal's reason
 */
export async function attach(job: AttachJob): Promise<Attachment> {
  const { target, signal } = job;
  const capturing = await takeCaptureLock(target.pid, signal);
  const rendezvous = await openRendezvous();
  const release = (): void => {
    rendezvous.close();
    capturing.release();
  };
  try {
    // Before the inspector adds its own thread and descriptors.
    const figures = await readProcessFigures(target.pid);
    const { value, left } = await forkIn(job, rendezvous, figures);
    const { fork, heldMs } = value;
    job.onStep?.('forked');
    const late = (): CommandError => starved(target.pid, 0, null);
    const header = within(rendezvous.arrived, HEADER_MS, late);
    const image = await untilAborted(orChildFailure(header, rendezvous, target.pid), signal);
    const { imageBytes } = image.header;
    const chunks = unlessStarved(image.chunks, target.pid, fork.pid, imageBytes);
    const unstarved = { header: image.header, chunks };
    return {
      fork,
      heldMs,
      left,
      image: { header: image.header, chunks: whole(unstarved, rendezvous, target.pid, capturing) },
      release,
    };
  } catch (error) {
    release();
    throw signal.aborted ? error : ((await endOf(target.pid)) ?? error);
  }
}

type Forked = Extract<Answer, { fork: Fork }>;

/** From the lock until the inspector is closed again. */
async function forkIn(
  job: AttachJob,
  rendezvous: Rendezvous,
  figures: ProcessFigures,
): Promise<{ value: Forked; left: LeftOpen | null }> {
  const { target, onStep } = job;
  const onWait = (): void => onStep?.('waiting');
  try {
    const queued = { ...job, onQueue: () => onStep?.('queued') };
    return await whileAttaching(queued, async (watchdog) => {
      const addon = await placeAddon(target, job.addon, async (directory) => watchdog?.remove(directory));
      try {
        return await withInspector({ ...queued, onWait }, watchdog, rendezvous, (borrowed) => {
          onStep?.('attached');
          return capture(job, borrowed, addon.path, rendezvous, figures);
        });
      } finally {
        await addon.remove();
      }
    });
  } finally {
    onStep?.('left');
  }
}

async function capture(
  job: AttachJob,
  { orders, call }: Borrowed,
  addon: string,
  { control, image, request }: Rendezvous,
  figures: ProcessFigures,
): Promise<Forked> {
  const { target, addonVersion, signal } = job;
  const { pid } = target;
  const metadata = metadataOf(job, request, figures);
  let failure: string | null = null;
  for (const wait of [...WAITS, null]) {
    const answer = await call<Answer>(
      captureFunction({
        ...orders(),
        control,
        image,
        metadata,
        addon,
        addonVersion,
        parkTimeoutMs: PARK_MS,
        omitProgram: job.lean.omitProgram,
        kept: job.lean.kept,
        symbols: job.lean.symbols,
      }),
    );
    if ('fork' in answer) return answer;
    failure = answer.failure;
    if (answer.failure === 'addon')
      throw new CommandError(
        'refused',
        `process ${pid} cannot load the native part (${answer.message.split('\n')[0]}): start it without --no-addons, or ` +
          'with the agent',
      );
    if (answer.failure === 'connect')
      throw new CommandError(
        'failed',
        `process ${pid} could not connect to this command: it has no descriptor left, or something in it forbids sockets`,
      );
    if (answer.failure === 'fork-failed')
      throw new CommandError('failed', `process ${pid} could not fork: ${answer.message}`);
    if (wait !== null) await pause(wait);
    signal.throwIfAborted();
  }
  const found = {
    starting: 'has not run its first JavaScript yet',
    busy: 'is already being captured, by another command or by its agent',
  }[failure ?? ''];
  throw new CommandError(
    'refused',
    found === undefined
      ? `V8's worker threads in process ${pid} did not park within ${PARK_MS} ms, in ${WAITS.length + 1} tries: ` +
          'try again when it is less busy'
      : `process ${pid} ${found}: try again in a moment`,
  );
}

/**
 * What is known about the target from outside, where no application can alter it; the target adds the rest.
 */
function metadataOf(
  { target, name, nodeVersion, lean }: AttachJob,
  request: string,
  figures: ProcessFigures,
): string {
  const known: Omit<ImageMetadata, keyof KnownInTarget> = {
    format: 1,
    name,
    pid: target.namespacePids.at(-1) ?? target.pid,
    nodeVersion,
    platform: process.platform,
    arch: process.arch,
    request,
    process: figures,
    ...(lean.program === undefined ? {} : { program: lean.program }),
  };
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(known)
    .slice(0, -1)
    .replaceAll(/[\u007f-\uffff]/g, escaped);
}

/** Yields the image's chunks; throws at the end if bytes are missing. */
async function* whole(
  { header, chunks }: ImageStream,
  rendezvous: Rendezvous,
  pid: number,
  capturing: Lock,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  } finally {
    capturing.release();
  }
  if (bytes < header.imageBytes) throw await childFailure(rendezvous, pid);
}

/** Whichever comes first: a failed image child sends nothing more. */
async function orChildFailure<T>(step: Promise<T>, rendezvous: Rendezvous, pid: number): Promise<T> {
  const failed = rendezvous.childEnded.then(async ({ exitCode }) => {
    if (exitCode === 0) return step;
    throw await childFailure(rendezvous, pid);
  });
  return Promise.race([step, failed]).catch(async (error: unknown) => {
    throw error instanceof CommandError ? error : await childFailure(rendezvous, pid);
  });
}

async function childFailure(rendezvous: Rendezvous, pid: number): Promise<CommandError> {
  const report = await within(rendezvous.childEnded, REPORT_MS, () => new Error('none')).catch(() => null);
  const end = await endOf(pid);
  if (end !== null) return end;
  const how = report === null ? 'it stopped arriving' : describeChildExit(report.exitCode, report.signal);
  return new CommandError(
    'failed',
    `the image of process ${pid} is not whole: ${how ?? 'bytes are missing'}`,
  );
}

/** If the target has ended, that is the reason for any failure; null if it has not, or that is unknown. */
async function endOf(pid: number): Promise<CommandError | null> {
  const status = await readStatus(pid).catch(() => 'unknown' as const);
  if (status === 'unknown' || (status !== null && status.state !== 'Z')) return null;
  return new CommandError('targetGone', `process ${pid} ended during the capture; nothing was written`);
}
