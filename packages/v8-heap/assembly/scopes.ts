/**
 * ScopeInfo objects (src/objects/scope-info.tq in V8): which parts one has follows from its flags. The parts and their
 * order are a table that TypeScript fills in.
 */
import {
  MAX_INLINED_LOCALS,
  moduleCountFirst,
  scopeFlags,
  scopeHeader,
  scopeIsEmpty,
  scopeLocals,
  scopeOfModule,
} from './layout';
import { endOf, pageOf, smallIn } from './pages';

const MAX_SCOPE_PARTS: u32 = 8;
/** Of each part: what it is, for whom it is there, and how many words it takes. */
export const SCOPE_PART_BYTES: u32 = 16;
const KIND: usize = 0;
/** Any of these bits in the flags says that it is there. */
const FLAG_MASK: usize = 4;
/** Or the scope's type, as a bit. */
const TYPE_MASK: usize = 8;
const WORDS: usize = 12;

export const SCOPE_FUNCTION_NAME: u32 = 1;
export const SCOPE_INFERRED_NAME: u32 = 2;
export const SCOPE_OUTER: u32 = 3;
export const SCOPE_POSITION: u32 = 4;
/** Words of each variable of a module. */
const MODULE_VARIABLE_WORDS: u32 = 3;

export const scopeParts = memory.data(MAX_SCOPE_PARTS * SCOPE_PART_BYTES, 8);
export let scopePartCount: u32 = 0;

/** Bytes from the beginning of a scope to what its flags decide on, after its locals. */
function partsOf(place: usize): u32 {
  const locals = smallIn(place + scopeLocals);
  const isModule = (load<u32>(place + scopeFlags) & 15) === scopeOfModule;
  const names = locals < MAX_INLINED_LOCALS ? locals : 1;
  return scopeHeader + 8 * ((isModule && moduleCountFirst ? 1 : 0) + names + locals);
}

/** Where a scope's names of locals begin, or the table of them where they are many. */
export function scopeNames(place: usize): u32 {
  const isModule = (load<u32>(place + scopeFlags) & 15) === scopeOfModule;
  return scopeHeader + (isModule && moduleCountFirst ? 8 : 0);
}

/** Where a part of a scope is, in bytes from its beginning; 0 where it has none, or not within its page. */
export function scopePart(place: usize, kind: u32): u32 {
  const at = walkParts(place, kind, false);
  return at < endOf(pageOf(place)) - place ? at : 0;
}

export function scopeSize(place: usize): u32 {
  return walkParts(place, 0, true);
}

function walkParts(place: usize, wanted: u32, toTheEnd: bool): u32 {
  const flags = load<u32>(place + scopeFlags);
  const isEmpty = (flags & scopeIsEmpty) !== 0;
  const type = flags & 15;
  let at = partsOf(place);
  for (let part: u32 = 0; part < scopePartCount; part++) {
    const row = scopeParts + part * SCOPE_PART_BYTES;
    const isThere =
      (flags & load<u32>(row, FLAG_MASK)) !== 0 ||
      (!isEmpty && ((load<u32>(row, TYPE_MASK) >> type) & 1) !== 0);
    if (!isThere) continue;
    if (!toTheEnd && load<u32>(row, KIND) === wanted) return at;
    at += 8 * load<u32>(row, WORDS);
  }
  if (!toTheEnd) return 0;
  if (type !== scopeOfModule || isEmpty) return at;
  // The module's own description, the number of its variables, and these.
  if (moduleCountFirst) return at + 8 + 8 * MODULE_VARIABLE_WORDS * smallIn(place + scopeHeader);
  return at + 16 + 8 * MODULE_VARIABLE_WORDS * smallIn(place + at + 8);
}
