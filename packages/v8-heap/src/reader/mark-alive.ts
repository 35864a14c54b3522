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

/** @throws {UnreadableHeapError} */
export function markAlive(heap: OpenHeap): RootSets {
  const { compiled, pages } = heap;
  if (!compiled.reserveBits()) throw new UnreadableHeapError('there is not enough memory to mark the heap');
  if (!loadDispatchTable(heap))
    throw new UnreadableHeapError('the table of the code of functions was not found');
  for (let page = 0; page < pages.length; page++) compiled.markReadOnly(page);
  const roots = findRootSets(heap);
  for (const [name, word] of heap.roots.byName) {
    if (EMPTIED.includes(name)) compiled.markEmptied(word);
    else if (!FORGOTTEN.has(name)) compiled.markRoot(word);
  }
  const strong = [
    ...[roots.builtins, roots.isolate, roots.globalHandles, roots.eternalHandles],
    ...[roots.startupCache, roots.shareableCache, roots.handleScope, roots.stack],
  ];
  for (const set of strong) for (const word of set) compiled.markRoot(word);
  compiled.markEphemerons();
  if (compiled.get('isMarkingShort') + compiled.get('isStackFull') > 0 || !compiled.rankAlive())
    throw new UnreadableHeapError('there is not enough memory to mark the heap');
  return roots;
}
