/** Reads `.heapsnapshot` files. */
export { open, type OpenOptions } from './open.js';
export type { Reference, Snapshot } from './snapshot.js';
export { classOrigins, type ClassOrigin } from './class-origins.js';
export type { ClassRow, Classes } from './classes.js';
export type { DuplicateString } from './duplicate-strings.js';
export type { Dominated } from './dominators.js';
export type { Graph, Locations } from './graph.js';
export type { StringTable } from './string-table.js';
export { NO_DISTANCE, SYSTEM_DISTANCE } from './distances.js';
export type { SnapshotHeader, SnapshotMeta } from './header.js';
export type { LeftOut } from './path-folding.js';
export { retainingPath, type PathStep, type RetainingPath } from './retaining-path.js';
export { diff, findAccumulations, findSuspects, type SuspectOptions } from './suspects/index.js';
export type {
  Accumulations,
  ClassGrowth,
  DominatorGrowth,
  Growth,
  Holder,
  Limit,
  Package,
  SourceLocation,
  Suspect,
  SuspectKind,
  SuspectPart,
} from './suspects/suspect.js';
export * from './redact/index.js';
