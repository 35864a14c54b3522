/** Redacts snapshots: everything that a program needs that writes them but does not read them. */
export { redactor, type Redacted, type Redactor, type RedactorOptions } from './redactor.js';
export { readProvenance, type Ending, type Provenance, type Target } from './provenance.js';
export type { ProcessFigures } from './process-figures.js';
export { endingReader, type EndingReader } from './ending.js';
export { REDACTION_LEVELS, type RedactionLevel } from './level.js';
export { SnapshotFormatError, type SnapshotFormatErrorCode } from '../format/format-error.js';
