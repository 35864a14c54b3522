/** Reads `.heapsnapshot` files. */
export { outlineSnapshot, SnapshotFormatError } from './outline.js';
export type { SnapshotMeta, SnapshotOutline, SnapshotOutliner } from './outline.js';
