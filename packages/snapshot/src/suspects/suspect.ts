/** What an analysis says: one explanation of a leak, and everything a reader needs to check it. */

import type { PathStep } from '../retaining-path.js';

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
  | 'numbers'
  | 'object-as-map'
  | 'objects'
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
}

/** The collection, closure or listener list through which what accumulates is reachable. */
export interface Holder {
  /** By what its owner refers to it: `sessions`. */
  name: string;
  class: string;
  /** The function, class, or module that has it, in words. */
  owner: string;
  id: number;
}

export interface Suspect {
  /** From 1. */
  rank: number;
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
  /** One sentence: what kind of leak it looks like, and what to check. */
  summary: string;
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
  /** One sentence a reader should see first. */
  summary: string;
}

export interface ClassGrowth {
  name: string;
  /** In each snapshot. */
  counts: number[];
  shallowBytes: number[];
}
