/**
 * Borrows the inspector of a process: makes the process open it if it is closed, does the work, and gets it
 * closed again, whichever process is killed meanwhile.
 */
import { untilAborted } from '@afterimage/host/deferred';
import { CommandError } from '../cli/command-error.js';
import { InterruptedError } from '../cli/interruption.js';
import type { CommandLine } from '../processes/command-line.js';
import type { ProcessStatus } from '@afterimage/host/process-status';
import { takeAttachLock, type Lock } from './attach-lock.js';
import { closeInspectorAt, closingCommand, isClosed } from './inspector-closing.js';
import { openInspector, type OpenInspector } from './inspector-opening.js';
import { EvaluationError, openSession, type InspectorSession } from './inspector-session.js';
import type { Rendezvous } from './rendezvous.js';
import { callWith, findInternals, type NodeInternals } from './node-internals.js';
import { describeLeftOpen, type LeftOpen } from './left-open.js';
import { portTurn } from './port-turn.js';
import type { Watchdog } from './watchdog-process.js';
import { nodeChildrenOf, watchedProcess } from './watched-processes.js';

export interface InspectorJob {
  target: ProcessStatus;
  commandLine: CommandLine | null;
  /** Starts a process that closes the inspector if this one is killed. */
  standBy?: ((pid: number, lock: Lock) => Promise<Watchdog>) | undefined;
  /** Called if another capture is attaching, because only one can at a time. */
  onQueue?: (() => void) | undefined;
  /** Called right before the process is sent a signal; throws to prevent it. */
  beforeSignal?: (() => Promise<void>) | undefined;
  /** How long to wait for the target's main thread, in milliseconds: native code cannot be interrupted. */
  waitMs?: number | undefined;
  /** Called once if the main thread must be waited for. */
  onWait?: (() => void) | undefined;
  signal: AbortSignal;
}

/** A session with the target. */
export interface Borrowed {
  /** Orders for the frame of the function that is called now (in-target-frame.ts). */
  orders: () => { deadline: number; closeInspector: boolean };
  /**
   * Calls the function with Node's internals (node-internals.ts) and returns its result.
   * @throws {EvaluationError} or the signal's reason
   */
  call: <T>(functionDeclaration: string) => Promise<T | { failure: 'starting' }>;
}

export const WAIT_MS = 15_000;
/** A longer wait is reported. */
const NOTICE_MS = 2_000;
/**
 * How long the inspector may take to close after the session has ended; then another session is opened for
 * that.
 */
const CLOSED_MS = 3_000;
/** For a session that only closes the inspector. */
const CLOSE_ANSWER_MS = 2_000;

/** Does the work while no other command attaches here, with a watchdog. */
export async function whileAttaching<T>(
  { target, standBy, onQueue, signal }: InspectorJob,
  work: (watchdog: Watchdog | null) => Promise<T>,
): Promise<T> {
  const lock = await takeAttachLock(signal, onQueue);
  let watchdog: Watchdog | null = null;
  try {
    watchdog = (await standBy?.(target.pid, lock)) ?? null;
    return await work(watchdog);
  } finally {
    await watchdog?.dismiss();
    lock.release();
  }
}

/**
 * Does the work in a session with the target's inspector.
 * @returns the result, and the inspector if it is still open
 * @throws {CommandError}, or the signal's reason; `inspectorOpen` if the inspector is still open
 */
export async function withInspector<T>(
  job: InspectorJob,
  watchdog: Watchdog | null,
  rendezvous: Rendezvous,
  work: (borrowed: Borrowed) => Promise<T>,
): Promise<{ value: T; left: LeftOpen | null }> {
  const { target, commandLine, signal, waitMs = WAIT_MS } = job;
  const { pid } = target;
  const watchdogPid = watchdog?.pid ?? null;
  await portTurn(pid, commandLine, signal, job.onQueue);
  const inspector = await openInspector({
    pid,
    commandLine,
    signal,
    waitMs,
    watchdog: watchdogPid,
    onWait: job.onWait,
    onSignal: async () => {
      if (watchdog !== null) await watchdog.watch(await watchedProcess(pid), await nodeChildrenOf(pid));
      await job.beforeSignal?.();
    },
  });
  watchdog?.opened();
  const since = new Date();
  let session: InspectorSession | null = null;
  let internals: NodeInternals | null = null;
  const call = async <R>(functionDeclaration: string): Promise<R | { failure: 'starting' }> => {
    const calling = async (): Promise<R | { failure: 'starting' }> => {
      const current = session as InspectorSession;
      internals ??= await findInternals(current, waitMs);
      if (internals === null) return { failure: 'starting' };
      return (await callWith(current, internals, functionDeclaration, waitMs)) as R;
    };
    const noticing = setTimeout(() => job.onWait?.(), NOTICE_MS);
    try {
      return await untilAborted(calling(), signal);
    } catch (error) {
      // A process that has just started has its inspector before it can evaluate anything.
      if (error instanceof EvaluationError && error.code === 'not-ready') return { failure: 'starting' };
      throw error;
    } finally {
      clearTimeout(noticing);
    }
  };
  let outcome: { value: T } | { error: unknown };
  try {
    session = await openSession(inspector.url);
    const { opened: closeInspector } = inspector;
    const orders = (): ReturnType<Borrowed['orders']> => ({ deadline: Date.now() + waitMs, closeInspector });
    outcome = { value: await work({ orders, call }) };
  } catch (error) {
    outcome = { error: sessionFailure(error, pid, waitMs) };
  }
  await session?.close(inspector.opened ? closingCommand(internals) : undefined);
  rendezvous.letGo();
  const closed = !inspector.opened || (await close(pid, inspector, waitMs));
  if (closed) watchdog?.closed();
  const left: LeftOpen | null = closed
    ? null
    : { pid, socket: inspector.socket, since, watchdog: watchdogPid };
  if ('value' in outcome) return { value: outcome.value, left };
  throw left === null ? outcome.error : andLeftOpen(outcome.error, left);
}

/** Opens more sessions only if the first one's last command had no effect; takes about `waitMs`. */
async function close(pid: number, { url, socket }: OpenInspector, waitMs: number): Promise<boolean> {
  const started = performance.now();
  while (!(await isClosed(pid, socket, CLOSED_MS))) {
    if (performance.now() - started > waitMs) return false;
    await closeInspectorAt(url, CLOSE_ANSWER_MS);
  }
  return true;
}

function andLeftOpen(error: unknown, left: LeftOpen): unknown {
  const text = describeLeftOpen(left);
  if (error instanceof InterruptedError)
    return new InterruptedError(error.signal, `nothing was written; ${text}`);
  const message = error instanceof Error ? error.message : String(error);
  return new CommandError('inspectorOpen', `${message}; ${text}`, { cause: error });
}

/** Describes in one line what went wrong in a session; returns any other error unchanged. */
function sessionFailure(error: unknown, pid: number, waitMs: number): unknown {
  if (!(error instanceof EvaluationError)) return error;
  if (error.code === 'no-answer')
    return new CommandError(
      'failed',
      `the main thread of process ${pid} did not answer within ${waitMs / 1000} s: it is in native code; try again when ` +
        'that has returned, or wait longer, --wait SECONDS',
      { cause: error },
    );
  if (error.code === 'disconnected') {
    const what = `the connection to the inspector of process ${pid} failed (${error.message}); try again`;
    return new CommandError('failed', what, { cause: error });
  }
  return new CommandError('failed', `process ${pid}: ${error.message}`, { cause: error });
}
