/**
 * Attaches to a process that is not prepared for it: has it open its inspector, evaluates one expression in it, which
 * forks the image child, and has it close the inspector again while the image streams in.
 */
import type { ImageStream } from '@afterimage/agent/image';
import { describeChildExit, type Fork } from '@afterimage/agent/native';
import { untilAborted, within } from '@afterimage/agent/deferred';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../command-error.js';
import type { CommandLine } from '../target/command-line.js';
import { ownListeningSockets, type ListeningSocket } from '../target/listening-sockets.js';
import { readStatus, type ProcessStatus } from '../target/process-status.js';
import { placeAddon, type VersionedAddon } from './addon-place.js';
import { takeAttachLock } from './attach-lock.js';
import { captureExpression, type Answer } from './in-target.js';
import { openInspector, type OpenInspector } from './inspector-opening.js';
import { EvaluationError, openSession, type InspectorSession } from './inspector-session.js';
import { openMeetingPoint, type MeetingPoint } from './meeting-point.js';
import type { Undertaker } from './undertaker-process.js';

export type AttachStep = 'attached' | 'forked' | 'left';

export interface AttachJob extends VersionedAddon {
  target: ProcessStatus;
  commandLine: CommandLine | null;
  /** The application's name. */
  name: string;
  /**
   * Gets a process to stand by that closes the inspector should this one be killed; called right before the signal is
   * sent, with the sockets that are no inspector's.
   */
  standBy?: ((pid: number, before: readonly ListeningSocket[]) => Promise<Undertaker>) | undefined;
  signal: AbortSignal;
  onStep?: ((step: AttachStep) => void) | undefined;
}

export interface Attachment {
  fork: Fork;
  /** How long the target's main thread stood still, in milliseconds. */
  heldMs: number;
  /** Throws, at its end, when it is not whole. */
  image: ImageStream;
  /** Ends the image child if it still runs. */
  release: () => void;
}

/** For the main thread to come to the expression: JavaScript is interrupted for it, native code is not. */
const ANSWER_MS = 15_000;
const PARK_MS = 200;
/** Waits before the next try to bring V8's workers to rest, in milliseconds. */
const PARK_WAITS = [100, 250, 500, 1_000];
const HEADER_MS = 30_000;
const REPORT_MS = 2_000;
const CLOSED_MS = 3_000;

/** @throws {CommandError}, or the signal's reason */
export async function attach(job: AttachJob): Promise<Attachment> {
  const { target, signal } = job;
  const addon = await placeAddon(target, job.addon);
  const meeting = await openMeetingPoint();
  try {
    const { fork, heldMs } = await forkIn(job, addon.path, meeting);
    job.onStep?.('forked');
    const header = within(meeting.arrived, HEADER_MS, () => new Error('no header'));
    const image = await untilAborted(orChildFailure(header, meeting, target.pid), signal);
    return {
      fork,
      heldMs,
      image: { header: image.header, chunks: whole(image, meeting, target.pid) },
      release: () => meeting.close(),
    };
  } catch (error) {
    meeting.close();
    throw error;
  } finally {
    await addon.remove();
  }
}

/** From the lock to the inspector being closed again. */
async function forkIn(
  job: AttachJob,
  addon: string,
  meeting: MeetingPoint,
): Promise<Extract<Answer, { fork: Fork }>> {
  const { target, commandLine, signal, onStep } = job;
  const unlock = await takeAttachLock(signal);
  let undertaker: Undertaker | null = null;
  let session: InspectorSession | null = null;
  let inspector: OpenInspector | null = null;
  try {
    inspector = await openInspector(target.pid, commandLine, signal, async (before) => {
      undertaker = (await job.standBy?.(target.pid, before)) ?? null;
    });
    session = await openSession(inspector.url);
    onStep?.('attached');
    return await evaluate(job, session, addon, meeting, inspector.opened);
  } catch (error) {
    throw explain(error, target.pid);
  } finally {
    await session?.close();
    meeting.letGo();
    if (inspector?.opened === true) await untilClosed(target.pid, inspector.socket.inode);
    (undertaker as Undertaker | null)?.dismiss();
    unlock();
    onStep?.('left');
  }
}

async function evaluate(
  { target: { pid }, name, addonVersion, signal }: AttachJob,
  session: InspectorSession,
  addon: string,
  { control, image, request }: MeetingPoint,
  closeInspector: boolean,
): Promise<Extract<Answer, { fork: Fork }>> {
  for (const wait of [...PARK_WAITS, null]) {
    const expression = captureExpression({
      control,
      image,
      request,
      name,
      addon,
      addonVersion,
      deadline: Date.now() + ANSWER_MS,
      parkTimeoutMs: PARK_MS,
      closeInspector,
    });
    const answer = (await session.evaluate(expression, ANSWER_MS)) as Answer;
    if ('fork' in answer) return answer;
    if (answer.failure === 'late') break;
    if (answer.failure === 'addon')
      throw new CommandError(
        'refused',
        `process ${pid} cannot load the native part (${answer.message}): start it without --no-addons, or with the agent`,
      );
    if (answer.failure === 'fork-failed')
      throw new CommandError('failed', `process ${pid} could not fork: ${answer.message}`);
    if (wait !== null) await pause(wait);
    signal.throwIfAborted();
  }
  throw new CommandError(
    'refused',
    `V8's worker threads in process ${pid} did not come to rest within ${PARK_MS} ms, in ${PARK_WAITS.length + 1} tries: ` +
      'try again when it is less busy',
  );
}

function explain(error: unknown, pid: number): unknown {
  if (!(error instanceof EvaluationError)) return error;
  if (error.code === 'no-answer')
    return new CommandError(
      'failed',
      `the main thread of process ${pid} did not answer within ${ANSWER_MS / 1000} s: it is in native code; its inspector ` +
        'is closed as soon as it comes back from there. Try again then',
      { cause: error },
    );
  return new CommandError('failed', `process ${pid}: ${error.message}`, { cause: error });
}

/** Not for ever: a main thread that is busy closes it when it is done. */
async function untilClosed(pid: number, inode: string): Promise<void> {
  const started = performance.now();
  while (performance.now() - started < CLOSED_MS) {
    const sockets = await ownListeningSockets(pid).catch(() => []);
    if (!sockets.some((socket) => socket.inode === inode)) return;
    await pause(5);
  }
}

/** The image's chunks; its end is an error when bytes are missing. */
async function* whole(
  { header, chunks }: ImageStream,
  meeting: MeetingPoint,
  pid: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes < header.imageBytes) throw await childFailure(meeting, pid);
}

/** Whichever comes first: an image child that failed sends nothing any more. */
async function orChildFailure<T>(step: Promise<T>, meeting: MeetingPoint, pid: number): Promise<T> {
  const failed = meeting.childEnded.then(async ({ exitCode }) => {
    if (exitCode === 0) return step;
    throw await childFailure(meeting, pid);
  });
  return Promise.race([step, failed]).catch(async (error: unknown) => {
    throw error instanceof CommandError ? error : await childFailure(meeting, pid);
  });
}

async function childFailure(meeting: MeetingPoint, pid: number): Promise<CommandError> {
  const report = await within(meeting.childEnded, REPORT_MS, () => new Error('none')).catch(() => null);
  const status = await readStatus(pid);
  if (status === null || status.state === 'Z')
    return new CommandError('targetGone', `process ${pid} ended during the capture; nothing was written`);
  const how = report === null ? 'it stopped arriving' : describeChildExit(report.exitCode, report.signal);
  return new CommandError(
    'failed',
    `the image of process ${pid} is not whole: ${how ?? 'bytes are missing'}`,
  );
}
