/**
 * The agent's board: how it stands, for those who may look into the process from outside (/proc/PID/fd). It is a file in
 * memory, so that nothing is left of it when the process ends, and nobody else can put one there for this process.
 *
 * The file holds one line with the length in bytes and the SHA-256 of what follows, and a JSON document. It is written in
 * place: a reader that comes in between finds that the sum is wrong, and reads again.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import type { CaptureErrorCode } from './errors.js';
import type { AgentEvent, CaptureMode, CaptureResult } from './events.js';
import { addon } from './image-support.js';
import type { DevelopWhen, Settings } from './options.js';

/** Its name in /proc/PID/fd is `/memfd:` and this. */
export const BOARD_NAME = 'afterimage-agent';
/** There is never more on it. */
export const MAX_BOARD_BYTES = 64 * 1024;

const SAMPLE_MS = 5_000;
const MAX_EVENTS = 8;

/** Sizes in bytes, times in milliseconds. */
export interface BoardDocument {
  format: 1;
  /** Of the agent's package. */
  version: string;
  /** The application's. */
  name: string;
  signal: string;
  gate: 'open' | 'shut';
  mode: CaptureMode;
  /** As configured, with its placeholders. */
  path: string;
  /** Of the latest capture; before the first, what it would be now. */
  expandedPath: string;
  develop: DevelopWhen;
  redact: string;
  /** Whether results are encrypted. */
  encrypted: boolean;
  /** Whether an image may be stored, for want of memory or by `develop`. */
  mayStoreImage: boolean;
  timeoutMs: number;
  state: 'idle' | 'capturing';
  /** How many were begun. The latest has this number. */
  captures: number;
  /** How the latest capture that is over ended. */
  ended: Ended | null;
  /** How many listeners the application has for the signal. */
  otherListeners: number;
  /** Whether they are kept from hearing it when it takes a capture. */
  signalHeld: boolean;
  /** The latest few, the last one last. `capture` is the latest begun when it happened. */
  events: (AgentEvent & { capture: number })[];
  heap: { usedBytes: number; totalBytes: number; limitBytes: number };
}

export type Ended =
  | { capture: number; result: CaptureResult }
  | { capture: number; error: { code: CaptureErrorCode; message: string } };

/** What changes. */
export type BoardState = Pick<
  BoardDocument,
  'state' | 'captures' | 'expandedPath' | 'ended' | 'otherListeners' | 'signalHeld'
>;

export interface Board {
  /** Puts the event on it. */
  note: (event: AgentEvent) => void;
  /** Writes it anew. */
  update(): void;
  close(): void;
}

/**
 * Null where there is no native part to make it with, and in worker threads. Does not keep the process alive.
 * @param onSample called with each sample of the heap
 */
export function openBoard(
  settings: Settings,
  state: () => BoardState,
  onSample: () => void = () => undefined,
): Board | null {
  const file = isMainThread ? openMemory() : null;
  if (file === null) return null;
  const settled = whatIsSettled(settings);
  let events: BoardDocument['events'] = [];
  const update = (): void => {
    const { used_heap_size, total_heap_size, heap_size_limit } = getHeapStatistics();
    const heap = {
      usedBytes: used_heap_size,
      totalBytes: total_heap_size,
      limitBytes: heap_size_limit,
    };
    file.write({ ...settled, ...state(), events, heap });
  };
  update();
  const timer = setInterval(() => {
    update();
    onSample();
  }, SAMPLE_MS).unref();
  return {
    note: (event) => {
      events = [...events, { ...event, capture: state().captures }].slice(-MAX_EVENTS);
      update();
    },
    update,
    close: () => {
      clearInterval(timer);
      file.close();
    },
  };
}

/** What is written on a board; null when it is not whole. */
export function parseBoard(contents: Buffer): unknown {
  const [, length, sum] = /^(\d{1,9}) ([0-9a-f]{64})\n/.exec(contents.toString('latin1', 0, 80)) ?? [];
  if (length === undefined || sum === undefined) return null;
  const start = length.length + 1 + sum.length + 1;
  const document = contents.subarray(start, start + Number(length));
  if (document.length < Number(length) || sumOf(document) !== sum) return null;
  try {
    return JSON.parse(document.toString()) as unknown;
  } catch {
    return null;
  }
}

interface MemoryFile {
  write(document: BoardDocument): void;
  close(): void;
}

function openMemory(): MemoryFile | null {
  let descriptor: number | null;
  try {
    descriptor = addon().memory(BOARD_NAME);
  } catch {
    return null;
  }
  const own = fstatSync(descriptor);
  // Code that closes descriptors which are not its own must not have this in the file that comes after it.
  const isThere = (): boolean => {
    try {
      const { ino, dev } = fstatSync(descriptor ?? -1);
      return ino === own.ino && dev === own.dev;
    } catch {
      return false;
    }
  };
  return {
    write: (document) => {
      if (descriptor === null || !isThere()) return;
      const contents = contentsOf(document);
      try {
        writeSync(descriptor, contents, 0, contents.length, 0);
      } catch {
        // The memory for it is short: the sum says that it is not whole.
      }
    },
    close: () => {
      if (descriptor !== null && isThere()) closeSync(descriptor);
      descriptor = null;
    },
  };
}

function contentsOf(document: BoardDocument): Buffer {
  const json = Buffer.from(JSON.stringify(document));
  if (json.length > MAX_BOARD_BYTES - 128 && document.events.length > 0)
    return contentsOf({ ...document, events: document.events.slice(1) });
  return Buffer.concat([Buffer.from(`${json.length} ${sumOf(json)}\n`), json]);
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function whatIsSettled(settings: Settings): Omit<BoardDocument, keyof BoardState | 'events' | 'heap'> {
  const { name, signal, allow, mode, path, develop, redact, recipients, storePlainImage, timeoutMs } =
    settings;
  const encrypted = recipients.length > 0;
  return {
    format: 1,
    version: packageVersion(),
    name,
    signal,
    gate: allow ? 'open' : 'shut',
    mode,
    path: path.text,
    develop,
    redact,
    encrypted,
    mayStoreImage: mode === 'image' && develop !== 'always' && (encrypted || storePlainImage),
    timeoutMs,
  };
}

function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  return version;
}
