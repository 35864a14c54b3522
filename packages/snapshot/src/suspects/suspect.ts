/** The result of an analysis: one explanation of a leak, with everything that a reader needs to check it. */

import type { ProcessFigures } from '../redact/process-figures.js';
import type { PathStep } from '../paths/retaining-path.js';

/** What the accumulation looks like, derived from its holder and its contents. */
export type SuspectKind =
  | 'abort-listeners'
  | 'array'
  | 'async-context'
  | 'buffers'
  | 'closures'
  | 'collection'
  | 'errors'
  | 'event-listeners'
  | 'linked-list'
  | 'message-ports'
  | 'metrics'
  | 'module-state'
  | 'modules'
  | 'native-references'
  | 'numbers'
  | 'object-as-map'
  | 'objects'
  | 'performance-entries'
  | 'promises'
  | 'requests'
  | 'sockets'
  | 'streams'
  | 'strings'
  | 'timers'
  | 'weak-references';

/** A source location; lines and columns count from 1, as in editors. */
export interface SourceLocation {
  function: string;
  script: string;
  line: number;
  column: number;
  /** The npm package that the script belongs to; null for the application's own code. */
  package: Package | null;
}

export interface Package {
  name: string;
  /** Null if neither the path, nor the heap, nor the disk has it. */
  version: string | null;
}

/** The collection, closure or listener list through which what accumulates is reachable. */
export interface Holder {
  /** The owner's name for it: `sessions`. */
  name: string;
  class: string;
  /** Description of the function, class, or module that owns it. */
  owner: string;
  id: number;
  /** Number of holders at this place, for each snapshot. */
  instances: number[];
  /** Number of entries of the accumulated class that they hold together, for each snapshot. */
  entries: number[];
}

/** Limit of a cache that has not reached it yet, in entries. */
export interface Limit {
  /** Null if the snapshot does not contain it: V8 writes small integers only on request. */
  max: number | null;
  now: number;
}

/** Another accumulation with the same owner and cause. */
export interface SuspectPart {
  /** One line, like a suspect's title. */
  title: string;
  class: string;
  count: number;
  /** Growth of what they retain, in bytes; with one snapshot, all of it. */
  bytes: number;
  holder: Holder;
}

export interface Suspect {
  /** From 1. */
  rank: number;
  /** One line without a location: `3,000 more Order in orders (Map)`. */
  title: string;
  kind: SuspectKind;
  /** Class or shape of what accumulates. */
  class: string;
  /** How many more there are than in the first snapshot; with one snapshot, how many there are. */
  count: number;
  /** What they retain, in bytes: the growth, or with one snapshot all of it. */
  bytes: number;
  /** Share of all growth, or with one snapshot of the whole heap: 0 to 1. */
  share: number;
  holder: Holder;
  /** Path from a root to one example. */
  path: PathStep[];
  /** The path in one line, in the program's terms. */
  pathText: string;
  locations: SourceLocation[];
  /** IDs, in the last snapshot, of some of what accumulates. */
  examples: number[];
  /** For more than one snapshot, how many there were in each. */
  counts: number[];
  /** For growth in references instead of nodes: how many there were in each snapshot. */
  edges: number[] | null;
  /**
   * What makes each element heavy, if that is not the element itself: `each keeps a response by
   * socket.http.currentReq`.
   */
  weight: string | null;
  /** Limit of a bounded cache that is still filling up. */
  limit: Limit | null;
  /**
   * Other accumulations with the same owner and cause; `bytes` and `share` include them, `count` does not.
   */
  parts: SuspectPart[];
  /** What to do, in one sentence. */
  advice: string;
  /** One sentence: what accumulates, where, and what to do. */
  summary: string;
}

/** The answer from one snapshot. */
export interface Accumulations {
  /** The largest accumulations first; a single snapshot does not show whether they grow. */
  suspects: Suspect[];
  /** What the answer does not cover, in one short sentence each. */
  notCovered: string[];
}

/** The answer of `diff` for two or more snapshots, the earliest first. */
export interface Growth {
  /** From the first to the last snapshot. */
  growth: { bytes: number; nodes: number };
  /** The part of the growth outside V8's heap: bytes of buffers, and other native memory. */
  outsideHeap: { bytes: number; arrayBufferBytes: number };
  /** Share of the growth in bytes that the suspects explain: 0 to 1. 0 if nothing grew. */
  explainedShare: number;
  suspects: Suspect[];
  /** Classes whose count or size changed, largest growth first, matched by name. */
  classes: ClassGrowth[];
  /** Growth by immediate dominator, largest first; roots have their names. The rows add up to the growth. */
  dominators: DominatorGrowth[];
  /** What the answer does not cover, in one short sentence each. */
  notCovered: string[];
  /** Figures of the whole process for each snapshot; null if no snapshot has any. */
  process: (ProcessFigures | null)[] | null;
  /** Number of redacted names that could not be matched between files. */
  unmatchedNames: number;
  /** The one sentence that a reader should see first. */
  summary: string;
}

export interface DominatorGrowth {
  name: string;
  /** What it dominates, in each snapshot. */
  counts: number[];
  bytes: number[];
}

export interface ClassGrowth {
  name: string;
  /** Values in each snapshot. */
  counts: number[];
  shallowBytes: number[];
  /**
   * From the first snapshot to the last, by the IDs of objects; null if these do not last. `new` and `gone` include objects of
   * which it cannot be known that they are the same.
   */
  instances: { kept: number; new: number; gone: number } | null;
}
