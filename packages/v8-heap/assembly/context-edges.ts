/** Edges of contexts: the variables that closures share, by their names. */
import { CONTEXT_EDGE, internal, isSeen, plain } from './edges';
import { contextFirst, MAX_INLINED_LOCALS, scopeFlags, scopeIsEmpty, scopeLocals } from './layout';
import { elementsIn, endOf, pageOf, placeOf, smallIn, wordsIn } from './pages';
import { SCOPE_FUNCTION_NAME, scopeNames, scopePart } from './scopes';
import { isString, textOfWord } from './strings';
import { nameOf } from './texts';

/** Kinds of contexts, in the order of their types. */
const BLOCK_CONTEXT: u32 = 1;
const EVAL_CONTEXT: u32 = 4;
const FUNCTION_CONTEXT: u32 = 5;
const MODULE_CONTEXT: u32 = 6;
const NATIVE_CONTEXT: u32 = 7;
const SCRIPT_CONTEXT: u32 = 8;
/** Flags of scopes. */
const IS_STRICT: u32 = 1 << 5;
const IS_DECLARATION: u32 = 1 << 6;
const HAS_EXTENSION: u32 = 1 << 26;
const FUNCTION_VARIABLE_SHIFT: u32 = 12;
const IN_CONTEXT: u32 = 2;
/** Slots before the variables: scope and previous context. */
const MIN_SLOTS: u32 = 2;
const SLOTS: u32 = 16;
const SCOPE: usize = 16;
const PREVIOUS: usize = 24;
const EXTENSION: usize = 32;
/** A table from names to slots: entries of two words, after four counts. */
const TABLE_CAPACITY: usize = 32;
const TABLE_ENTRIES: usize = 40;

const SCOPE_INFO_NAME = nameOf('scope_info');
const PREVIOUS_NAME = nameOf('previous');
const EXTENSION_NAME = nameOf('extension');
const GLOBAL_OBJECT_NAME = nameOf('global_object');

/** Names of the fields of native contexts: of each, its slot and its name. */
const MAX_CONTEXT_NAMES: u32 = 512;
export const contextNames = memory.data(8 * MAX_CONTEXT_NAMES, 4);
export let contextNameCount: u32 = 0;

export function contextEdges(place: usize, type: u32): void {
  const kind = type - contextFirst;
  const scope = placeOf(load<u64>(place, SCOPE));
  const flags = scope === 0 ? scopeIsEmpty : load<u32>(scope + scopeFlags);
  const slots = elementsIn(place);
  if (kind !== NATIVE_CONTEXT && isDeclaration(kind, flags) && (flags & scopeIsEmpty) === 0)
    variables(place, scope, flags, slots);
  internal(SCOPE_INFO_NAME, load<u64>(place, SCOPE), <i32>SCOPE);
  internal(PREVIOUS_NAME, load<u64>(place, PREVIOUS), <i32>PREVIOUS);
  if ((flags & HAS_EXTENSION) !== 0) internal(EXTENSION_NAME, load<u64>(place, EXTENSION), <i32>EXTENSION);
  if (kind === NATIVE_CONTEXT) nativeFields(place, slots);
}

function isDeclaration(kind: u32, flags: u32): bool {
  switch (kind) {
    case FUNCTION_CONTEXT:
    case MODULE_CONTEXT:
    case SCRIPT_CONTEXT:
      return true;
    case EVAL_CONTEXT:
      return (flags & IS_STRICT) !== 0;
    case BLOCK_CONTEXT:
      return (flags & IS_DECLARATION) !== 0;
    default:
      return false;
  }
}

function variables(place: usize, scope: usize, flags: u32, slots: u32): void {
  const first = MIN_SLOTS + ((flags & HAS_EXTENSION) !== 0 ? 1 : 0);
  const count = smallIn(scope + scopeLocals);
  const names = scope + scopeNames(scope);
  if (count < MAX_INLINED_LOCALS) {
    const there = wordsIn(scope, scopeNames(scope), count);
    for (let index: u32 = 0; index < there; index++)
      variable(place, slots, first + index, load<u64>(names + 8 * index));
  } else tabledVariables(place, slots, first, placeOf(load<u64>(names)));
  if (((flags >> FUNCTION_VARIABLE_SHIFT) & 3) !== IN_CONTEXT) return;
  const part = scopePart(scope, SCOPE_FUNCTION_NAME);
  if (part !== 0) variable(place, slots, smallIn(scope + part + 8), load<u64>(scope + part));
}

function tabledVariables(place: usize, slots: u32, first: u32, table: usize): void {
  if (table === 0) return;
  const room = (<u32>(endOf(pageOf(table)) - table)) >> 4;
  const capacity = smallIn(table + TABLE_CAPACITY);
  for (let index: u32 = 0; index < capacity && index < room; index++) {
    const entry = table + TABLE_ENTRIES + 16 * index;
    if (isString(load<u64>(entry))) variable(place, slots, first + smallIn(entry + 8), load<u64>(entry));
  }
}

function variable(place: usize, slots: u32, slot: u32, name: u64): void {
  if (slot >= slots || !isString(name)) return;
  const offset = SLOTS + 8 * slot;
  plain(CONTEXT_EDGE, textOfWord(name), load<u64>(place + offset), <i32>offset);
}

function nativeFields(place: usize, slots: u32): void {
  if (!isSeen(EXTENSION / 8)) internal(GLOBAL_OBJECT_NAME, load<u64>(place, EXTENSION), <i32>EXTENSION);
  for (let index: u32 = 0; index < contextNameCount; index++) {
    const slot = load<u32>(contextNames + 8 * index);
    const offset = SLOTS + 8 * slot;
    if (slot < slots)
      internal(load<u32>(contextNames + 8 * index, 4), load<u64>(place + offset), <i32>offset);
  }
}
