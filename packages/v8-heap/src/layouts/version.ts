/** What differs between versions of V8 and is not said by its postmortem metadata: one table a version. */
import type { HeaderLayout } from '../pages.js';
import type { Field } from './fields.js';
import type { VisitRule } from './visits.js';

/** Where a page's header keeps what, in words of 8 bytes. */
export interface PageHeaderLayout extends HeaderLayout {
  /** In a page of read-only space: bytes of objects, where its end is not said otherwise. */
  readOnlyBytes: number | null;
}

/** A part of a ScopeInfo that is there when any of these bits of its flags is set, or for these types of scopes. */
export interface ScopePart {
  kind:
    | 'class variable'
    | 'function name'
    | 'inferred name'
    | 'position'
    | 'outer scope'
    | 'block list'
    | 'unused parameters';
  flags: number;
  types: number[];
  words: number;
}

export interface ScopeLayout {
  /** Where the flags are, as a number of 32 bits, in bytes. */
  flags: number;
  /** Words before the names of locals. */
  headerWords: number;
  /** Where its code begins, in bytes from its own beginning; 0 where a part says that. */
  position: number;
  /** The type of a module's scope. */
  module: number;
  /** Whether a module's number of variables comes before the names of its locals. */
  moduleCountFirst: boolean;
  emptyFlag: number;
  parts: ScopePart[];
}

/** How the size of an object follows from its length, for types whose maps do not say it. */
export interface SizeRule {
  by: SizeBy;
  /** Bytes before the first element, and of each. */
  header: number;
  unit: number;
  /** Where the length is, in bytes. */
  lengthAt: number;
}

/** `assembly/sizes.ts` says what each means. */
export type SizeBy =
  | 'small'
  | '32 bits'
  | '16 bits'
  | 'low bits'
  | 'bigint'
  | 'scope'
  | 'feedback metadata'
  | 'preparse data'
  | 'instructions'
  | 'nothing';

/** Sizes of instruction streams: the number of bytes after the header is in them or in their code objects. */
export type StreamLayout = { bodySize: number } | { instructionSize: number; metadataSize: number };

export interface V8Version {
  /** Major and minor, as in `process.versions.v8`. */
  version: string;
  page: PageHeaderLayout;
  /** The name that RootsTable::root_names_ begins with. */
  firstRoot: string;
  /** Where the isolate itself has references, in bytes before its roots table: ThreadLocalTop, most of all. */
  isolateRoots: readonly number[];
  /** Where the isolate says what its thread does, in bytes before its roots table: ThreadLocalTop::current_vm_state_. */
  threadState: number;
  /** Where the heap counts its collections, in bytes: those of all generations (Heap::ms_count_), then those of any (gc_count_). */
  collections: number;
  scope: ScopeLayout;
  /** JSFunction and the constructors that have types of their own. */
  functionTypes: number;
  feedbackClosureBytes: number;
  stream: StreamLayout;
  /** By names of types; what is not in it has the rule of {@link commonSizes}. */
  sizes: Record<string, SizeRule>;
  /** By names of types, functions among them; see {@link visitRules}. */
  visits: Record<string, VisitRule> & { JSFunction: VisitRule };
  /** Where functions and feedback cells have the number of their code; null where they point to it. */
  dispatchHandles: { function: number; feedbackCell: number } | null;
  /** Fields with names that are not the same everywhere; those of JSFunction are those of every function. */
  fields: Record<string, Field[]> & { JSFunction: Field[] };
  /** Where rules find what they ask for, in bytes: see `assembly/layout.ts`. */
  offsets: VersionOffsets;
  /** CodeKind in V8, by number. */
  codeKinds: string[];
  /** Types that count as code besides those of every version. */
  codeTypes: string[];
  /** Whether a mark such as the hole says nothing, whichever it is. */
  holesSayNothing: boolean;
  /** Words that V8's generator visits twice, by types, in bytes. */
  visitedTwice: Record<string, number>;
  /** The nodes that V8 puts its roots under, in their order. */
  subroots: readonly string[];
  /** Whether the root of what the program can name is its native context, and not its global object. */
  contextIsUserRoot: boolean;
  /** Whether undefined and its like are named after themselves, and not after their type. */
  oddballsHaveNames: boolean;
}

export interface VersionOffsets {
  functionShared: number;
  sharedData: number;
  /** 0 where it is one field with that. */
  sharedOldData: number;
  sharedNameOrScope: number;
  sharedScript: number;
  /** 1 where it is instruction streams that functions give their names to, and not code objects. */
  streamsHaveNames: number;
  /** 1 where the common part of a function names itself. */
  sharedTagsItself: number;
  bytecodePool: number;
  streamHeader: number;
  /** 0 where the code object has them. */
  streamRelocations: number;
  streamCode: number;
  relocationConstPool: number;
  relocationPcJump: number;
  /** 0 where there is none. */
  relocationSwitch: number;
  codeFlags: number;
  codeStream: number;
  codeDeoptimization: number;
  codePositions: number;
  feedbackSlots: number;
  regexpSource: number;
  /** Where the fields of objects begin that were made by V8's API. */
  apiHeader: number;
  bufferStore: number;
  bufferBytes: number;
  /** 1 where the size of an external string counts its characters. */
  externalSize: number;
  /** 1 where objects in read-only space count with their sizes. */
  readOnlySize: number;
  /** Counts at the beginning of an array of transitions, in words. */
  transitionHeader: number;
  /** 1 where the own property `name` of what made an object comes before the name that it was written with. */
  ownNamesCount: number;
  /** 1 where names of global objects say that they are such. */
  globalsSayWhich: number;
  /** Bits of a symbol's flags that say that it is private. */
  privateFlags: number;
  /** Of those that are called as they are described, as private fields are. */
  privateNameFlags: number;
}

export const small = (header: number, unit = 8, lengthAt = 8): SizeRule => ({
  by: 'small',
  header,
  unit,
  lengthAt,
});
export const by32 = (header: number, unit = 8, lengthAt = 8): SizeRule => ({
  by: '32 bits',
  header,
  unit,
  lengthAt,
});
export const fixed = (header: number): SizeRule => ({ by: 'nothing', header, unit: 0, lengthAt: 0 });
export const special = (by: SizeBy, header = 0, lengthAt = 8): SizeRule => ({
  by,
  header,
  unit: 8,
  lengthAt,
});
