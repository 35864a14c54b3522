/** What an analysis says: one explanation of a leak, and everything a reader needs to check it. */

import type { ProcessFigures } from '../redact/process-figures.js';
import type { PathStep } from '../paths/retaining-path.js';

/** What the accumulation looks like, told by the holder and by what it holds. */
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

/** Line and column count from 1, as editors do. */
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
  /** Null where neither the path, nor the heap, nor the disk tells. */
  version: string | null;
}

/** The collection, closure or listener list through which what accumulates is reachable. */
export interface Holder {
  /** By what its owner refers to it: `sessions`. */
  name: string;
  class: string;
  /** The function, class, or module that has it, in words. */
  owner: string;
  id: number;
  /** For each snapshot, how many holders of this place there are. */
  instances: number[];
  /** For each snapshot, how many entries of the accumulated class they hold together. */
  entries: number[];
}

/** A cache with a limit that it has not reached yet, in entries. */
export interface Limit {
  /** Null where the snapshot does not tell the number: V8 writes small integers only when it is asked for. */
  max: number | null;
  now: number;
}

/** Another accumulation with the same owner and cause. */
export interface SuspectPart {
  /** One line, as of a suspect. */
  title: string;
  class: string;
  count: number;
  /** The growth of what they retain, or with one snapshot all of it. */
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
  /** Part of all growth, or with one snapshot of the whole heap: 0 to 1. */
  share: number;
  holder: Holder;
  /** From a root to one example. */
  path: PathStep[];
  /** The path in one line, in the words of the program. */
  pathText: string;
  locations: SourceLocation[];
  /** Ids, in the last snapshot, of some of what accumulates. */
  examples: number[];
  /** For more than one snapshot, how many there were in each. */
  counts: number[];
  /** For growth in references rather than nodes: how many there were in each snapshot. */
  edges: number[] | null;
  /** What makes each element heavy where that is elsewhere: `each keeps a response by socket.http.currentReq`. */
  weight: string | null;
  /** Of a bounded cache that still fills up. */
  limit: Limit | null;
  /** Other accumulations of the same owner and cause; `bytes` and `share` include them, `count` does not. */
  parts: SuspectPart[];
  /** What to do, in one sentence. */
  advice: string;
  /** One sentence: what accumulates, where, and what to do. */
  summary: string;
}

/** What one snapshot says. */
export interface Accumulations {
  /** The largest accumulations first; nothing tells whether they grow. */
  suspects: Suspect[];
  /** What the answer does not cover, a short sentence each. */
  notCovered: string[];
}

/** What `diff` says of two or more snapshots, the earliest first. */
export interface Growth {
  /** From the first to the last snapshot. */
  growth: { bytes: number; nodes: number };
  /** Part of the growth that lies outside V8's heap: bytes behind buffers, and other native memory. */
  outsideHeap: { bytes: number; arrayBufferBytes: number };
  /** Part of the growth's bytes that the suspects explain: 0 to 1. 0 when nothing grew. */
  explainedShare: number;
  suspects: Suspect[];
  /** Classes whose count or size changed, largest growth first, matched by name. */
  classes: ClassGrowth[];
  /** Growth by immediate dominator, largest first; the roots have their names. The rows add up to the growth. */
  dominators: DominatorGrowth[];
  /** What the answer does not cover, a short sentence each. */
  notCovered: string[];
  /** For each snapshot, what the whole process took at that moment; null where none of the snapshots says so. */
  process: (ProcessFigures | null)[] | null;
  /** Redacted names that could not be followed from one file to the next. */
  unmatchedNames: number;
  /** One sentence a reader should see first. */
  summary: string;
}

export interface DominatorGrowth {
  name: string;
  /** In each snapshot: what it dominates. */
  counts: number[];
  bytes: number[];
}

export interface ClassGrowth {
  name: string;
  /** In each snapshot. */
  counts: number[];
  shallowBytes: number[];
}
