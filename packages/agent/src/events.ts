/**
 * Reports a capture as eight kinds of events. They all originate here and have three outlets: the log,
 * `node:diagnostics_channel` (`afterimage:<event>`) and `agent.on(event, listener)`.
 */
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { channel } from 'node:diagnostics_channel';
import type { CaptureErrorCode } from './errors.js';
import { messageOf } from '@afterimage/host/errors';
import { writeLogLine, type Level, type Logger } from './log.js';
import { summarize } from './summary.js';

export type CaptureMode = 'image' | 'inline';

/** The result of a capture: a snapshot to open, or an image to develop elsewhere. */
export type ResultKind = 'snapshot' | 'image';

/** The fields of each event besides its message. Sizes in bytes, times in milliseconds. */
export interface EventFigures {
  /** A signal that triggers a capture. */
  received: { signal: string; count: number };
  /** Signals that arrived during a capture; `count` is how many this event stands for. */
  ignored: { signal: string; count: number };
  /** Other code listens to the signal too. `listeners`: how many; `where`: what is known about the latest. */
  shared: { signal: string; listeners: number; where: string };
  /** A check failed before anything was done to the server. */
  refused: { code: CaptureErrorCode | 'gate-shut' | 'signal-shared'; path?: string; count: number };
  /** The server is about to be captured; `attempt` counts from 1. */
  started: { path: string; mode: CaptureMode; attempt: number };
  /** The image has left the server, which has nothing more to do. `bytes` is the size of the image. */
  captured: {
    path: string;
    bytes?: number;
    pauseMs: number;
    parkMs?: number;
    forkMs?: number;
    captureMs: number;
    extraBytes?: number;
  };
  /** The file at `path` is complete. */
  written: CaptureResult;
  /** The capture failed and left nothing behind. */
  failed: { code: CaptureErrorCode; path?: string; detail?: string };
}

/** A successful capture. Sizes in bytes, times in milliseconds. */
export interface CaptureResult {
  kind: ResultKind;
  path: string;
  bytes: number;
  /** SHA-256 of the file, lowercase hex, as `sha256sum` prints it. */
  sha256: string;
  encrypted: boolean;
  /** Redaction level of a snapshot. */
  redaction?: RedactionLevel;
  /** The longest time that the event loop was blocked for this capture. */
  pauseMs: number;
  /** From the request until the target had nothing more to do. */
  captureMs: number;
  /** V8's part, in another process; absent if the image was stored. */
  developMs?: number;
  /** From the request until the file was at its path. */
  totalMs: number;
  /** Size of the uncompressed image; absent in inline mode. */
  imageBytes?: number;
  /** Peak memory that the capture used in addition to the server's own: child, collector and darkroom. */
  extraBytes?: number;
  /** Number of locks released while developing because their threads do not exist in the image. */
  ghostLocks?: number;
  /** Number of images captured until one succeeded. */
  attempts: number;
  /** Why the image was stored instead of developed. */
  why?: string;
}

export type EventName = keyof EventFigures;
export type AgentEvent<N extends EventName = EventName> = {
  [K in N]: { event: K; time: string; pid: number; msg: string } & EventFigures[K];
}[N];
export type Listener<N extends EventName> = (event: AgentEvent<N>) => void;
export type Emit = <N extends EventName>(event: N, msg: string, figures: EventFigures[N]) => void;

const LEVELS: Record<EventName, Level> = {
  shared: 'warn',
  received: 'info',
  ignored: 'warn',
  refused: 'warn',
  started: 'info',
  captured: 'info',
  written: 'info',
  failed: 'error',
};

export const EVENT_NAMES = Object.keys(LEVELS) as EventName[];

/** Events that many signals must not turn into many log lines: reported at once, then at most this often. */
const REPEATED = new Set<EventName>(['received', 'ignored', 'refused']);
const REPEAT_MS = 1_000;

export interface Events {
  emit: Emit;
  on<N extends EventName>(event: N, listener: Listener<N>): void;
  off<N extends EventName>(event: N, listener: Listener<N>): void;
}

type AnyEvent = { event: EventName; time: string; pid: number; msg: string; count?: number };
type AnyListener = (event: never) => void;

/**
 * Creates the events.
 * @param logger receives the log lines instead of standard error
 */
export function createEvents(logger: Logger | undefined): Events {
  const listeners = new Map<EventName, Set<AnyListener>>(EVENT_NAMES.map((name) => [name, new Set()]));
  const send = (event: AnyEvent): void => {
    log(logger, LEVELS[event.event], event);
    const outlet = channel(`afterimage:${event.event}`);
    if (outlet.hasSubscribers) outlet.publish(event);
    for (const listener of [...(listeners.get(event.event) ?? [])]) {
      guarded(`a listener for '${event.event}'`, () => (listener as (event: AnyEvent) => void)(event));
    }
  };
  const summaries = new Map(
    [...REPEATED].map((name) => [
      name,
      summarize<AnyEvent>(REPEAT_MS, (event, count) => {
        send(count === 1 ? event : { ...event, count, msg: `${event.msg} (${count} times)` });
      }),
    ]),
  );
  return {
    emit: (name, msg, figures) => {
      const event = { event: name, time: new Date().toISOString(), pid: process.pid, msg, ...figures };
      (summaries.get(name) ?? send)(event);
    },
    on: (name, listener) => {
      if (!listeners.has(name))
        throw new TypeError(`there is no event '${name}'; the events are ${EVENT_NAMES.join(', ')}`);
      listeners.get(name)?.add(listener);
    },
    off: (name, listener) => {
      listeners.get(name)?.delete(listener);
    },
  };
}

function log(logger: Logger | undefined, level: Level, { time, msg, ...fields }: AnyEvent): void {
  if (logger === undefined) writeLogLine(level, { time, ...fields, msg });
  else guarded('the logger', () => logger[level](fields, msg));
}

/** Calls the application's code: reports what it throws, and continues the capture. */
function guarded(what: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    process.emitWarning(`${what} threw: ${messageOf(error)}`, 'AfterimageWarning');
  }
}
