/** Marks what a collection would leave alive, from all roots. */
import { loadDispatchTable } from './dispatch-table.js';
import type { OpenHeap } from './open-heap.js';
import { findRootSets, type RootSets } from './root-sets.js';
import { UnreadableHeapError } from './unreadable-heap.js';

/** What a collection empties: caches of results, and the table of all strings, which keeps none alive. */
export const EMPTIED = [
  'number_string_cache',
  'smi_string_cache',
  'double_string_cache',
  'string_split_cache',
  'regexp_multiple_cache',
  'regexp_match_global_atom_cache',
  'string_table',
];
/** What it forgets. */
const FORGOTTEN = new Set(['weak_refs_keep_during_job']);

const INTERPRETER_ENTRY = 'InterpreterEntryTrampoline';
/** V8's generator has the heap collected up to seven times, mostly twice. */
const MAX_ROUNDS = 2;

/** @throws {UnreadableHeapError} */
export function markAlive(heap: OpenHeap): RootSets {
  const { compiled, names } = heap;
  if (!compiled.reserveBits()) throw new UnreadableHeapError('there is not enough memory to mark the heap');
  if (!loadDispatchTable(heap))
    throw new UnreadableHeapError('the table of the code of functions was not found');
  const roots = findRootSets(heap);
  const entry = roots.builtins.at(names.builtins.indexOf(INTERPRETER_ENTRY));
  if (entry !== undefined) compiled.setWord('interpreterEntry', entry);
  markFrom(heap, roots);
  for (let round = 0; round < MAX_ROUNDS && entry !== undefined && compiled.doomCode() > 0; round++) {
    compiled.forgetAlive();
    markFrom(heap, roots);
  }
  if (compiled.get('isMarkingShort') + compiled.get('isStackFull') > 0 || !compiled.rankAlive())
    throw new UnreadableHeapError('there is not enough memory to mark the heap');
  return roots;
}

function markFrom({ compiled, pages, roots: table }: OpenHeap, roots: RootSets): void {
  for (let page = 0; page < pages.length; page++) compiled.markReadOnly(page);
  for (const [name, word] of table.byName) {
    if (EMPTIED.includes(name)) compiled.markEmptied(word);
    else if (!FORGOTTEN.has(name)) compiled.markRoot(word);
  }
  const strong = [
    ...[roots.builtins, roots.isolate, roots.globalHandles, roots.eternalHandles],
    ...[roots.startupCache, roots.shareableCache, roots.handleScope, roots.stack],
  ];
  for (const set of strong) for (const word of set) compiled.markRoot(word);
  compiled.markEphemerons();
}
