/** Tables of names in V8 that no symbol leads to, found by what they contain: of roots, builtins, and context fields. */
import type { LoadedProgram } from '../image/loaded-program.js';
import { WORD, type MemoryWords } from '../image/memory-words.js';

/** V8's RootsTable::root_names_ ends with it, in every version that is known. */
const LAST_ROOT = 'interpreter_entry_return_pc_offset';
const MAX_ROOTS = 4000;

/** Names of the entries of the roots table, in their order; null where there is no such table. */
export function rootNames(program: LoadedProgram, words: MemoryWords, firstRoot: string): string[] | null {
  const texts = program.findTexts([LAST_ROOT]).get(LAST_ROOT) ?? [];
  for (const last of program.findWords(texts)) {
    const names: string[] = [];
    for (let at = last; names.length < MAX_ROOTS; at -= WORD) {
      const pointer = words.word(at);
      const name = pointer === null ? null : words.text(pointer);
      if (name === null) break;
      names.push(name);
      if (name === firstRoot) return names.reverse();
    }
  }
  return null;
}
