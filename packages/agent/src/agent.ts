/**
 * The agent of one process: takes captures on a signal or a call, one at a time, and reports the outcome of
 * the last one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { stat } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import { openBoard, type Ended } from './board.js';
import { capture, loadInline } from './capture.js';
import type { CaptureSignal } from './capture-signal.js';
import { CaptureError } from './errors.js';
import {
  createEvents,
  EVENT_NAMES,
  type CaptureMode,
  type CaptureResult,
  type EventName,
  type Listener,
} from './events.js';
import { formatMs } from '@afterimage/host/format';
import { addonOrNull, whyNoImage, WORKER_REASON } from './image-support.js';
import type { Settings } from './options.js';
import { createReadiness } from './readiness.js';
import { holdReserve } from './reserve.js';
import { capturesOnSignal } from './signal-events.js';

export interface AgentStatus {
  state: 'idle' | 'capturing' | 'uninstalled';
  mode: CaptureMode;
  signal: NodeJS.Signals;
  /** Whether the signal may trigger a capture. */
  gate: 'open' | 'shut';
  /** As configured, with its placeholders. */
  path: string;
  /** Whether this process can be captured in the configured mode; if not, `reason` says why. */
  possible: boolean;
  reason?: string;
  lastResult?: CaptureResult;
  lastError?: { code: CaptureError['code']; message: string; time: string };
}

export interface Agent {
  /**
   * Takes a capture now, even if the gate is shut: the gate guards the signal, which any process of the same
   * user can send; this call is the application's own decision. Unlike a capture by signal, it keeps the
   * process alive until it has finished.
   * @throws {CaptureError} by rejection; `busy` while another capture is running
   */
  capture(): Promise<CaptureResult>;
  status(): AgentStatus;
  on<N extends EventName>(event: N, listener: Listener<N>): Agent;
  off<N extends EventName>(event: N, listener: Listener<N>): Agent;
  /** False from before the pause of an inline capture until after it; otherwise true. */
  readonly ready: boolean;
  /** Answers a readiness probe with 200 or 503 and a line of JSON. Mount it as `/health/ready`. */
  readiness: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Removes the agent: a running capture ends with `uninstalled`, and the signal does again what it did
   * before (it ends a bare Node.js process).
   */
  uninstall(): Promise<void>;
}

/**
 * Creates the agent.
 * @param onUninstall called once, when the agent has been removed
 */
// eslint-disable-next-line max-lines-per-function -- one closure over the state of one agent
export function createAgent(settings: Settings, onUninstall: () => void): Agent {
  const events = createEvents(settings.logger);
  const { emit } = events;
  const readiness = createReadiness();
  let running: { stop: AbortController; ended: Promise<unknown> } | null = null;
  let uninstalled = false;
  let last: Pick<AgentStatus, 'lastResult' | 'lastError'> = {};
  let captures = 0;
  let latestPath: string | null = null;
  let ended: Ended | null = null;
  let captureSignal: CaptureSignal | null = null;
  // Load it early: at a capture there may be no descriptor left for reading it. A failure now happens again
  // then.
  if (settings.mode === 'inline') loadInline().catch(() => undefined);
  const reserve = holdReserve(isMainThread && settings.mode === 'image' ? addonOrNull() : null);
  // libuv creates its threads at the first use of its pool, and aborts the process if it cannot
  // (init_threads() in its threadpool.c). A capture must not be that first use, because the server may have
  // no thread left by then.
  stat('/').catch(() => undefined);
  const board = openBoard(
    settings,
    () => ({
      state: running === null ? 'idle' : 'capturing',
      captures,
      expandedPath: latestPath ?? settings.path.expand(new Date()),
      ended,
      otherListeners: captureSignal?.others() ?? 0,
      signalHeld: captureSignal?.held() ?? false,
    }),
    () => reserve.refill(),
  );
  if (board !== null) for (const name of EVENT_NAMES) events.on(name, board.note);

  const start = async (): Promise<CaptureResult> => {
    if (uninstalled)
      throw new CaptureError('uninstalled', 'the agent was uninstalled; install() it again first');
    if (running !== null) throw new CaptureError('busy', 'a capture is running; wait for its end');
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(timeoutError(settings.timeoutMs)), settings.timeoutMs).unref();
    const now = new Date();
    const path = settings.path.expand(now);
    const number = ++captures;
    latestPath = path;
    const result = capture({
      settings,
      readiness,
      reserve,
      path,
      startedAt: performance.now(),
      signal: stop.signal,
      emit,
    });
    running = { stop, ended: result.catch(() => undefined) };
    board?.update();
    try {
      last = { ...last, lastResult: await result };
      ended = { capture: number, result: await result };
      return await result;
    } catch (error) {
      const { code, message } = error as CaptureError;
      last = { ...last, lastError: { code, message, time: new Date().toISOString() } };
      ended = { capture: number, error: { code, message } };
      throw error;
    } finally {
      clearTimeout(timer);
      running = null;
      board?.update();
    }
  };

  captureSignal = capturesOnSignal(
    settings,
    emit,
    () => running !== null,
    // An event has already reported the outcome.
    () => void start().catch(() => undefined),
  );
  if (captureSignal !== null) board?.update();

  const agent: Agent = {
    capture: async () => {
      const alive = setInterval(() => undefined, 2 ** 30);
      try {
        return await start();
      } finally {
        clearInterval(alive);
      }
    },
    status: () => {
      const { mode, signal, allow, path } = settings;
      const reason = mode === 'image' ? whyNoImage() : isMainThread ? null : WORKER_REASON;
      return {
        state: uninstalled ? 'uninstalled' : running === null ? 'idle' : 'capturing',
        mode,
        signal,
        gate: allow ? 'open' : 'shut',
        path: path.text,
        possible: reason === null,
        ...(reason === null ? {} : { reason }),
        ...last,
      };
    },
    on: (event, listener) => {
      events.on(event, listener);
      return agent;
    },
    off: (event, listener) => {
      events.off(event, listener);
      return agent;
    },
    get ready() {
      return readiness.isReady();
    },
    readiness: readiness.handler,
    uninstall: async () => {
      if (!uninstalled) {
        uninstalled = true;
        captureSignal?.stop();
        running?.stop.abort(new CaptureError('uninstalled', 'the agent was uninstalled during the capture'));
        board?.close();
        onUninstall();
      }
      await running?.ended;
      reserve.close();
    },
  };
  return agent;
}

function timeoutError(timeoutMs: number): CaptureError {
  return new CaptureError(
    'timeout',
    `the capture did not finish within ${formatMs(timeoutMs)} and was aborted; raise timeoutMs, or store the image with ` +
      "develop: 'never' and develop it elsewhere",
  );
}
