/**
 * Reads the status board of the agent in a process (the agent's board.ts), if there is one. The target writes
 * the board, so all of it is validated, and nothing that could do harm is trusted.
 */
import { orElse } from '@afterimage/host/errors';
import { sanitizeName } from '@afterimage/host/application-name';
import { MAX_BOARD_BYTES, BOARD_NAME, parseBoard, type BoardDocument } from '@afterimage/agent/board';
import { REDACTION_LEVELS, type RedactionLevel } from '@afterimage/snapshot/redaction-levels';
import { constants } from 'node:os';
import { open, readdir, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** A successful capture. Sizes in bytes, times in milliseconds; null for missing values. */
export interface AgentResult {
  kind: 'snapshot' | 'image';
  /** Path as the target sees it. */
  path: string;
  bytes: number;
  sha256: string;
  encrypted: boolean;
  redaction: RedactionLevel | null;
  pauseMs: number;
  captureMs: number;
  developMs: number | null;
  extraBytes: number | null;
  imageBytes: number | null;
  ghostLocks: number | null;
  attempts: number;
}

export interface AgentEvent {
  capture: number;
  event: string;
  time: string;
  message: string;
  parkMs: number | null;
  forkMs: number | null;
}

export interface AgentBoard extends Pick<
  BoardDocument,
  | 'version'
  | 'name'
  | 'gate'
  | 'state'
  | 'captures'
  | 'path'
  | 'expandedPath'
  | 'encrypted'
  | 'timeoutMs'
  | 'heap'
> {
  signal: NodeJS.Signals;
  mode: 'image' | 'inline';
  develop: 'auto' | 'always' | 'never';
  redact: RedactionLevel;
  mayStoreImage: boolean;
  /** How the latest finished capture ended. */
  ended: { capture: number; outcome: AgentResult | { code: string; message: string } } | null;
  events: AgentEvent[];
  /** Number of the application's listeners for the signal; null if the agent is too old to report it. */
  otherListeners: number | null;
  /** Whether they don't receive the signal when it triggers a capture. */
  signalHeld: boolean;
}

/** The board exists but cannot be understood: from another version, or damaged. */
export type Unreadable = 'unreadable';

const READS = 5;
const READ_AGAIN_MS = 10;
const MAX_TEXT_LENGTH = 8_192;
const MAX_EVENTS = 64;

/** Reads the board; null if there is no agent, or the process may not be inspected. */
export async function readAgentBoard(pid: number): Promise<AgentBoard | Unreadable | null> {
  for (let read = 1; ; read++) {
    const file = await boardFile(pid);
    if (file === null) return null;
    const contents = await beginningOf(file);
    const document = contents === null ? null : parseBoard(contents);
    if (document !== null) return checked(document) ?? 'unreadable';
    // It is being written.
    if (read === READS) return 'unreadable';
    await pause(READ_AGAIN_MS);
  }
}

async function boardFile(pid: number): Promise<string | null> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory).catch(orElse([]));
  const links = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(orElse(''))));
  const at = links.indexOf(`/memfd:${BOARD_NAME} (deleted)`);
  return at === -1 ? null : `${directory}/${names[at]}`;
}

async function beginningOf(path: string): Promise<Buffer | null> {
  const file = await open(path, 'r').catch(orElse(null));
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BOARD_BYTES), 0, MAX_BOARD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

function checked(document: unknown): AgentBoard | null {
  try {
    return boardOf(fieldsOf(document));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

type Fields = Partial<Record<string, unknown>>;

function boardOf(fields: Fields): AgentBoard {
  const { heap, ended, events } = fields;
  if (fields['format'] !== 1) throw new TypeError('another format');
  if (!Array.isArray(events) || events.length > MAX_EVENTS) throw new TypeError('events');
  const { usedBytes, totalBytes, limitBytes } = fieldsOf(heap);
  return {
    version: textOf(fields['version']),
    name: sanitizeName(textOf(fields['name'])),
    signal: signalOf(fields['signal']),
    gate: wordOf(fields['gate'], ['open', 'shut']),
    mode: wordOf(fields['mode'], ['image', 'inline']),
    path: textOf(fields['path']),
    expandedPath: textOf(fields['expandedPath']),
    develop: wordOf(fields['develop'], ['auto', 'always', 'never']),
    redact: wordOf(fields['redact'], REDACTION_LEVELS),
    encrypted: flagOf(fields['encrypted']),
    mayStoreImage: flagOf(fields['mayStoreImage']),
    timeoutMs: figureOf(fields['timeoutMs']),
    state: wordOf(fields['state'], ['idle', 'capturing']),
    captures: figureOf(fields['captures']),
    heap: {
      usedBytes: figureOf(usedBytes),
      totalBytes: figureOf(totalBytes),
      limitBytes: figureOf(limitBytes),
    },
    ended: ended === null ? null : endedOf(fieldsOf(ended)),
    events: events.map((event) => eventOf(fieldsOf(event))),
    otherListeners: orNull(fields['otherListeners']),
    signalHeld: fields['signalHeld'] === true,
  };
}

function endedOf({ capture, result, error }: Fields): AgentBoard['ended'] {
  const number = figureOf(capture);
  if (result !== undefined) return { capture: number, outcome: resultOf(fieldsOf(result)) };
  const { code, message } = fieldsOf(error);
  return { capture: number, outcome: { code: textOf(code), message: textOf(message) } };
}

function resultOf(fields: Fields): AgentResult {
  const path = textOf(fields['path']);
  const sha256 = textOf(fields['sha256']);
  if (!path.startsWith('/') || path.includes('\0') || !/^[0-9a-f]{64}$/.test(sha256))
    throw new TypeError('path or sha256');
  return {
    kind: wordOf(fields['kind'], ['snapshot', 'image']),
    path,
    bytes: figureOf(fields['bytes']),
    sha256,
    encrypted: flagOf(fields['encrypted']),
    redaction: fields['redaction'] === undefined ? null : wordOf(fields['redaction'], REDACTION_LEVELS),
    pauseMs: figureOf(fields['pauseMs']),
    captureMs: figureOf(fields['captureMs']),
    developMs: orNull(fields['developMs']),
    extraBytes: orNull(fields['extraBytes']),
    imageBytes: orNull(fields['imageBytes']),
    ghostLocks: orNull(fields['ghostLocks']),
    attempts: figureOf(fields['attempts']),
  };
}

function eventOf({ capture, event, time, msg, parkMs, forkMs }: Fields): AgentEvent {
  return {
    capture: figureOf(capture),
    event: textOf(event),
    time: textOf(time),
    message: textOf(msg),
    parkMs: orNull(parkMs),
    forkMs: orNull(forkMs),
  };
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new TypeError('no object');
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) throw new TypeError('no text');
  return value;
}

function figureOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new TypeError('no figure');
  return value;
}

function orNull(value: unknown): number | null {
  return value === undefined ? null : figureOf(value);
}

function flagOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('neither true nor false');
  return value;
}

function wordOf<T extends string>(value: unknown, words: readonly T[]): T {
  const word = words.find((each) => each === value);
  if (word === undefined) throw new TypeError(`none of ${words.join(', ')}`);
  return word;
}

function signalOf(value: unknown): NodeJS.Signals {
  const name = textOf(value);
  if (!Object.hasOwn(constants.signals, name)) throw new TypeError('no signal');
  return name as NodeJS.Signals;
}
