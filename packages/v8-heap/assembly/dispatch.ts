/**
 * The JSDispatchTable (src/sandbox/js-dispatch-table.h in V8), since V8 13: a function has a number of 32 bits for its
 * code instead of a pointer to it.
 */
import { isDoomedWord } from './doomed-code';

/** The copy of the table, and its bytes; 0 where this V8 has none. */
export let dispatchTable: u32 = 0;
export let dispatchBytes: u32 = 0;

/** Entries of two words: where the code begins, and the code object with its number of parameters below. */
const ENTRY_BYTES: u32 = 16;
const HANDLE_SHIFT: u32 = 8;
const OBJECT_SHIFT: u64 = 16;

/** The tagged code object behind a handle; 0 where there is none. */
export function codeOfHandle(handle: u32): u64 {
  const at = (handle >> HANDLE_SHIFT) * ENTRY_BYTES;
  if (handle === 0 || at + ENTRY_BYTES > dispatchBytes) return 0;
  return (load<u64>(dispatchTable + at, 8) >> OBJECT_SHIFT) | 1;
}

/** Puts another code object behind a handle, where the one behind it is given up. */
export function redirectHandle(handle: u32, code: u64): void {
  if (code === 0 || !isDoomedWord(codeOfHandle(handle))) return;
  const at = dispatchTable + (handle >> HANDLE_SHIFT) * ENTRY_BYTES;
  const parameters = load<u64>(at, 8) & (((<u64>1) << OBJECT_SHIFT) - 1);
  store<u64>(at, ((code & ~1) << OBJECT_SHIFT) | parameters, 8);
}
