/**
 * What happens to a capture, as eight events. They are made in this one place and leave through three
 * outlets: the log, `node:diagnostics_channel` (`afterimage:<event>`) and `agent.on(event, listener)`.
 */
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import { channel } from 'node:diagnostics_channel';
import type { CaptureErrorCode } from './errors.js';
import { messageOf } from '@afterimage/host/errors';
import { writeLogLine, type Level, type Logger } from './log.js';
import { summarize } from './summary.js';

export type CaptureMode = 'image' | 'inline';

/** What a capture leaves behind: a snapshot to open, or an image to develop elsewhere. */
export type ResultKind = 'snapshot' | 'image';

/** What each event carries beside its message. Sizes in bytes, times in milliseconds. */
export interface EventFigures {
  /** A signal that leads to a capture. */
  received: { signal: string; count: number };
  /** Signals that came during a capture. `count`: how many this event stands for. */
  ignored: { signal: string; count: number };
  /** Other code listens to the signal, too. `listeners`: how many; `where`: what is known of the latest. */
  shared: { signal: string; listeners: number; where: string };
  /** A guard said no before anything was done to the server. */
  refused: { code: CaptureErrorCode | 'gate-shut' | 'signal-shared'; path?: string; count: number };
  /** The server is about to be captured; `attempt` counts from 1. */
  started: { path: string; mode: CaptureMode; attempt: number };
  /** The capture is out of the server: from here on nothing more is asked of it. `bytes` is the image. */
  captured: {
    path: string;
    bytes?: number;
    pauseMs: number;
    parkMs?: number;
    forkMs?: number;
    captureMs: number;
    extraBytes?: number;
  };
  /** The file is whole, at `path`. */
  written: CaptureResult;
  /** The capture came to nothing, and nothing is left of it. */
  failed: { code: CaptureErrorCode; path?: string; detail?: string };
}

/** A capture that succeeded. Sizes in bytes, times in milliseconds. */
export interface CaptureResult {
  kind: ResultKind;
  path: string;
  bytes: number;
  /** Of the file, in hexadecimal, as `sha256sum` prints it. */
  sha256: string;
  encrypted: boolean;
  /** What was taken out of a snapshot. */
  redaction?: RedactionLevel;
  /** The longest single time the event loop stood still for this capture. */
  pauseMs: number;
  /** From the request until the target had no more part in it. */
  captureMs: number;
  /** V8's part, in another process; none where the image was stored. */
  developMs?: number;
  /** From the request until the file was in its place. */
  totalMs: number;
  /** The uncompressed image; none in inline mode. */
  imageBytes?: number;
  /** Peak of the memory that the capture took beside the server's own: child, collector and darkroom. */
  extraBytes?: number;
  /** Locks of ghost threads that were cleared while developing. */
  ghostLocks?: number;
  /** Images it took. */
  attempts: number;
  /** Why the image was stored and not developed. */
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

/** A storm of signals must not become a storm of log lines: these are told of at once, and then at most this often. */
const REPEATED = new Set<EventName>(['received', 'ignored', 'refused']);
const REPEAT_MS = 1_000;

export interface Events {
  emit: Emit;
  on<N extends EventName>(event: N, listener: Listener<N>): void;
  off<N extends EventName>(event: N, listener: Listener<N>): void;
}

type AnyEvent = { event: EventName; time: string; pid: number; msg: string; count?: number };
type AnyListener = (event: never) => void;

/** @param logger takes the log lines in place of standard error */
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
        throw new TypeError(`there is no event '${name}'; there are ${EVENT_NAMES.join(', ')}`);
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

/** The application's own code, called from ours: what it throws is reported, and the capture goes on. */
function guarded(what: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    process.emitWarning(`${what} threw: ${messageOf(error)}`, 'AfterimageWarning');
  }
}
