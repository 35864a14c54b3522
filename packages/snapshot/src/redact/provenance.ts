/**
 * What a snapshot says of itself: where it comes from and what was done to it, in its header, and at its very
 * end the hash of all that comes before. DevTools looks at neither.
 */
import { createRequire } from 'node:module';
import type { SnapshotHeader } from '../format/header.js';
import { figuresOf, type ProcessFigures } from './process-figures.js';
import { REDACTION_LEVELS, type RedactionLevel } from './level.js';

/** What is known of the process whose heap it is. */
export interface Target {
  /** The application's name. */
  name?: string;
  pid?: number;
  /** Version of Node.js, as in `process.version`. */
  node?: string;
  v8?: string;
  arch?: string;
  /** When the heap looked like this, ISO 8601. */
  time?: string;
  /** What the whole process took at that moment. */
  process?: ProcessFigures;
}

export interface Provenance {
  /** Of Afterimage. */
  version: string;
  redaction: RedactionLevel;
  target: Target | null;
}

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** As it stands in the header; null where Afterimage has not written it. */
export function readProvenance(header: SnapshotHeader): Provenance | null {
  const found = (header as { afterimage?: unknown }).afterimage;
  if (typeof found !== 'object' || found === null) return null;
  const { version, redaction, target } = found as Record<string, unknown>;
  const level = REDACTION_LEVELS.find((each) => each === redaction);
  if (typeof version !== 'string' || level === undefined) return null;
  return { version, redaction: level, target: targetOf(target) };
}

/** What is to be written in the header of a snapshot that had `header`; what it said before is kept. */
export function provenanceOf(
  header: SnapshotHeader,
  level: RedactionLevel,
  target: Target | undefined,
): Provenance {
  const before = readProvenance(header);
  return {
    version,
    redaction: before === null ? level : stronger(before.redaction, level),
    target: target ?? before?.target ?? null,
  };
}

function stronger(one: RedactionLevel, other: RedactionLevel): RedactionLevel {
  return REDACTION_LEVELS.indexOf(one) > REDACTION_LEVELS.indexOf(other) ? one : other;
}

/** What stands behind the strings. */
export interface Ending {
  /** Of all bytes before it, in hexadecimal. */
  sha256: string;
  /** Names of sections that nobody here knows, and which were left out. */
  leftOut: string[];
}

/** `]` must not be in it: DevTools takes the last one in the file for the end of the strings. */
export function writeEnding({ sha256, leftOut }: Ending): string {
  const ending = { sha256, ...(leftOut.length > 0 ? { left_out: leftOut.join(' ') } : {}) };
  return `,\n"afterimage":${JSON.stringify(ending).replaceAll(']', '\\u005d')}}\n`;
}

function targetOf(found: unknown): Target | null {
  if (typeof found !== 'object' || found === null) return null;
  const { name, pid, node, v8, arch, time, process } = found as Record<string, unknown>;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const target = { name: text(name), node: text(node), v8: text(v8), arch: text(arch), time: text(time) };
  const known = Object.entries(target).filter(([, value]) => value !== undefined);
  const figures = figuresOf(process);
  return {
    ...Object.fromEntries(known),
    ...(typeof pid === 'number' ? { pid } : {}),
    ...(figures === null ? {} : { process: figures }),
  };
}
