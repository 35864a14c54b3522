/**
 * Borrows the inspector of a process: has it opened where it is closed, does with it what one attached for, and has the
 * target close it again, whoever is killed on the way.
 */
import { untilAborted } from '@afterimage/agent/deferred';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../command-error.js';
import type { CommandLine } from '../target/command-line.js';
import { listeningSockets } from '../target/listening-sockets.js';
import type { ProcessStatus } from '../target/process-status.js';
import { takeAttachLock, type Lock } from './attach-lock.js';
import { openInspector, type OpenInspector } from './inspector-opening.js';
import { EvaluationError, openSession, type InspectorSession } from './inspector-session.js';
import type { MeetingPoint } from './meeting-point.js';
import type { Undertaker } from './undertaker-process.js';
import { nodeChildrenOf, watchedProcess } from './watched-processes.js';

export interface InspectorJob {
  target: ProcessStatus;
  commandLine: CommandLine | null;
  /** Gets a process to stand by that closes the inspector should this one be killed. */
  standBy?: ((pid: number, lock: Lock) => Promise<Undertaker>) | undefined;
  /** Called right before the process is sent a signal: throws where it should not be. */
  beforeSignal?: (() => Promise<void>) | undefined;
  signal: AbortSignal;
}

/** For the main thread to come to an expression: JavaScript is interrupted for it, native code is not. */
export const ANSWER_MS = 15_000;
const CLOSED_MS = 3_000;

/** Does the work while nobody else attaches to a process here, with one that stands by. */
export async function whileAttaching<T>(
  { target, standBy, signal }: InspectorJob,
  work: (undertaker: Undertaker | null) => Promise<T>,
): Promise<T> {
  const lock = await takeAttachLock(signal);
  let undertaker: Undertaker | null = null;
  try {
    undertaker = (await standBy?.(target.pid, lock)) ?? null;
    return await work(undertaker);
  } finally {
    await undertaker?.dismiss();
    lock.release();
  }
}

/**
 * Does the work in a session with the target's inspector. Its expressions are those of in-target-closing.ts, told
 * whether the inspector is to be closed.
 * @throws {CommandError}, or the signal's reason
 */
export async function withInspector<T>(
  { target: { pid }, commandLine, beforeSignal, signal }: InspectorJob,
  undertaker: Undertaker | null,
  meeting: MeetingPoint,
  work: (session: InspectorSession, closeInspector: boolean) => Promise<T>,
): Promise<T> {
  let session: InspectorSession | null = null;
  let inspector: OpenInspector | null = null;
  try {
    inspector = await openInspector(pid, commandLine, signal, async () => {
      if (undertaker !== null) await undertaker.watch(await watchedProcess(pid), await nodeChildrenOf(pid));
      await beforeSignal?.();
    });
    undertaker?.opened();
    session = await openSession(inspector.url);
    return await work(session, inspector.opened);
  } catch (error) {
    throw explain(error, pid);
  } finally {
    await session?.close();
    meeting.letGo();
    if (inspector?.opened === true) await untilClosed(pid, inspector.socket.inode);
  }
}

/** A process that has only just been started has its inspector before it has anything to evaluate in. */
export async function answerTo<T>(
  session: InspectorSession,
  expression: string,
  signal: AbortSignal,
): Promise<T | { failure: 'starting' }> {
  try {
    return (await untilAborted(session.evaluate(expression, ANSWER_MS), signal)) as T;
  } catch (error) {
    const isStarting = error instanceof EvaluationError && /execution context/.test(error.message);
    if (isStarting) return { failure: 'starting' };
    throw error;
  }
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
    const sockets = await listeningSockets(pid);
    if (!sockets.some((socket) => socket.inode === inode)) return;
    await pause(5);
  }
}
