/**
 * What a snapshot says about itself: in its header, where it comes from and what was done to it; at its end,
 * the hash of everything before. DevTools ignores both.
 */
import { createRequire } from 'node:module';
import type { SnapshotHeader } from '../format/header.js';
import { figuresOf, type ProcessFigures } from './process-figures.js';
import { REDACTION_LEVELS, type RedactionLevel } from './level.js';

/** What is known about the process whose heap it is. */
export interface Target {
  /** The application's name. */
  name?: string;
  pid?: number;
  /** Version of Node.js, as in `process.version`. */
  node?: string;
  v8?: string;
  arch?: string;
  /** When the heap was captured, ISO 8601. */
  time?: string;
  /** The worker thread whose heap it is, as `worker_threads` numbers it; absent for the main thread. */
  thread?: number;
  /** Figures of the whole process at that moment. */
  process?: ProcessFigures;
}

export interface Provenance {
  /** Version of Afterimage. */
  version: string;
  redaction: RedactionLevel;
  target: Target | null;
  /** Absent where V8's own generator made it; `reader` where it was read out of an image. */
  by?: 'reader';
  /**
   * Whose IDs the nodes have: snapshots with the same value are of the same thread of the same process, and an ID is that of
   * the same object in all of them. Absent where IDs do not last.
   */
  ids?: string;
}

/** What made a snapshot, unless V8's own generator did. */
export interface Maker {
  by?: 'reader' | undefined;
  ids?: string | undefined;
}

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Reads the provenance from a header; null if Afterimage has not written one. */
export function readProvenance(header: SnapshotHeader): Provenance | null {
  const found = (header as { afterimage?: unknown }).afterimage;
  if (typeof found !== 'object' || found === null) return null;
  const { version, redaction, target, by, ids } = found as Record<string, unknown>;
  const level = REDACTION_LEVELS.find((each) => each === redaction);
  if (typeof version !== 'string' || level === undefined) return null;
  return {
    version,
    redaction: level,
    target: targetOf(target),
    ...(by === 'reader' ? { by } : {}),
    ...(by === 'reader' && typeof ids === 'string' ? { ids } : {}),
  };
}

/** Returns the provenance to write for a snapshot with this header; keeps what the header already has. */
export function provenanceOf(
  header: SnapshotHeader,
  level: RedactionLevel,
  target: Target | undefined,
  made: Maker = {},
): Provenance {
  const before = readProvenance(header);
  const { by, ids } = made.by === undefined ? (before ?? {}) : made;
  return {
    version,
    redaction: before === null ? level : stronger(before.redaction, level),
    target: target ?? before?.target ?? null,
    ...(by === undefined ? {} : { by }),
    ...(ids === undefined ? {} : { ids }),
  };
}

function stronger(one: RedactionLevel, other: RedactionLevel): RedactionLevel {
  return REDACTION_LEVELS.indexOf(one) > REDACTION_LEVELS.indexOf(other) ? one : other;
}

/** What follows the strings. */
export interface Ending {
  /** SHA-256 of all bytes before it, lowercase hex. */
  sha256: string;
  /** Names of unknown sections, which were left out. */
  leftOut: string[];
}

/**
 * Formats the ending. It must not contain `]`, because DevTools takes the last one in the file for the end of
 * the strings.
 */
export function writeEnding({ sha256, leftOut }: Ending): string {
  const ending = { sha256, ...(leftOut.length > 0 ? { left_out: leftOut.join(' ') } : {}) };
  return `,\n"afterimage":${JSON.stringify(ending).replaceAll(']', '\\u005d')}}\n`;
}

function targetOf(found: unknown): Target | null {
  if (typeof found !== 'object' || found === null) return null;
  const { name, pid, node, v8, arch, time, thread, process } = found as Record<string, unknown>;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const target = { name: text(name), node: text(node), v8: text(v8), arch: text(arch), time: text(time) };
  const known = Object.entries(target).filter(([, value]) => value !== undefined);
  const figures = figuresOf(process);
  return {
    ...Object.fromEntries(known),
    ...(typeof pid === 'number' ? { pid } : {}),
    ...(typeof thread === 'number' ? { thread } : {}),
    ...(figures === null ? {} : { process: figures }),
  };
}
