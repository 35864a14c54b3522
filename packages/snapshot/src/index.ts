/** Reads `.heapsnapshot` files. */
export { open, type OpenOptions } from './open.js';
export type { Reference, Snapshot } from './snapshot.js';
export type { ClassRow, Classes } from './classes.js';
export type { DuplicateString } from './duplicate-strings.js';
export type { Dominated } from './dominators.js';
export type { Graph, Locations } from './graph.js';
export type { StringTable } from './string-table.js';
export { NO_DISTANCE, SYSTEM_DISTANCE } from './distances.js';
export { SnapshotFormatError, type SnapshotFormatErrorCode } from './format-error.js';
export type { SnapshotHeader, SnapshotMeta } from './header.js';
export { retainingPath, type PathStep, type RetainingPath } from './retaining-path.js';
export { diff, findSuspects } from './suspects/index.js';
export type {
  ClassGrowth,
  Growth,
  Holder,
  SourceLocation,
  Suspect,
  SuspectKind,
} from './suspects/suspect.js';
export { redactor, type Redacted, type Redactor, type RedactorOptions } from './redact/redactor.js';
export { readProvenance, type Ending, type Provenance, type Target } from './redact/provenance.js';
export { endingReader, type EndingReader } from './redact/ending.js';
export { REDACTION_LEVELS, type RedactionLevel } from './redact/level.js';
