/** Reads `.heapsnapshot` files. */
export {
  openSnapshot,
  /** Former name of `openSnapshot`, kept as an alias. */
  openSnapshot as open,
  type OpenOptions,
} from './open.js';
export { snapshotFromColumns, type ColumnsOptions, type SnapshotColumns } from './from-columns.js';
export type { Reference, Snapshot } from './graph/snapshot.js';
export { classOrigins, type ClassOrigin } from './paths/class-origins.js';
export type { ClassRow, Classes } from './graph/classes.js';
export type { DuplicateString } from './graph/duplicate-strings.js';
export type { Dominated } from './graph/dominators.js';
export type { Graph, Locations } from './graph/graph.js';
export type { StringTable } from './graph/string-table.js';
export { NO_DISTANCE, SYSTEM_DISTANCE } from './graph/distances.js';
export type { SnapshotHeader, SnapshotMeta } from './format/header.js';
export type { LeftOut } from './paths/path-folding.js';
export { retainingPath, type PathStep, type RetainingPath } from './paths/retaining-path.js';
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
