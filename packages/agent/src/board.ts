/**
 * The agent's status board: tells processes that may inspect this one how the agent is doing (/proc/PID/fd).
 * It is a file in memory, so it disappears with the process, and no other process can plant one for this
 * process.
 *
 * The file contains one line with the length in bytes and the SHA-256 of the rest, then a JSON document. It
 * is overwritten in place: a reader that reads in between finds a wrong hash, and reads again.
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

/** In /proc/PID/fd it is called `/memfd:` and this name. */
export const BOARD_NAME = 'afterimage-agent';
/** The largest size of the file, in bytes. */
export const MAX_BOARD_BYTES = 64 * 1024;

const SAMPLE_MS = 5_000;
const MAX_EVENTS = 8;

/** The JSON document. Sizes in bytes, times in milliseconds. */
export interface BoardDocument {
  format: 1;
  /** Version of the agent's package. */
  version: string;
  /** Name of the application. */
  name: string;
  signal: string;
  gate: 'open' | 'shut';
  mode: CaptureMode;
  /** As configured, with its placeholders. */
  path: string;
  /** Path of the latest capture; before the first one, the path that a capture would have now. */
  expandedPath: string;
  develop: DevelopWhen;
  redact: string;
  /** Whether results are encrypted. */
  encrypted: boolean;
  /** Whether the agent may store an image, because memory is short or because of `develop`. */
  mayStoreImage: boolean;
  timeoutMs: number;
  state: 'idle' | 'capturing';
  /** How many captures were started. The latest has this number. */
  captures: number;
  /** How the latest finished capture ended. */
  ended: Ended | null;
  /** How many listeners the application has for the signal. */
  otherListeners: number;
  /** Whether they don't receive the signal when it triggers a capture. */
  signalHeld: boolean;
  /** The latest few events, the last one last. `capture` is the number of the latest capture at that time. */
  events: (AgentEvent & { capture: number })[];
  heap: { usedBytes: number; totalBytes: number; limitBytes: number };
}

export type Ended =
  | { capture: number; result: CaptureResult }
  | { capture: number; error: { code: CaptureErrorCode; message: string } };

/** The fields that change. */
export type BoardState = Pick<
  BoardDocument,
  'state' | 'captures' | 'expandedPath' | 'ended' | 'otherListeners' | 'signalHeld'
>;

export interface Board {
  /** Adds an event to the board. */
  note: (event: AgentEvent) => void;
  /** Rewrites the file. */
  update(): void;
  close(): void;
}

/**
 * Opens the status board; null without a native part, and in worker threads. Does not keep the process alive.
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

/** Returns the JSON document of a board; null if it is incomplete. */
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
  // Other code may have closed this descriptor by mistake; then don't write to the file that has its number
  // now.
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
        // Not enough memory to write it: the hash shows that the document is incomplete.
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
