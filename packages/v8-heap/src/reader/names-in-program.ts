/** Tables of names in V8 that no symbol leads to, found by what they contain: of roots, builtins, and context fields. */
import type { LoadedProgram } from '../image/loaded-program.js';
import { WORD, type MemoryWords } from '../image/memory-words.js';

/** V8's RootsTable::root_names_ ends with it, in every version that is known. */
const LAST_ROOT = 'interpreter_entry_return_pc_offset';
const MAX_ROOTS = 4000;
/** Names that V8's builtin_metadata begins with. */
const FIRST_BUILTIN = 'DeoptimizationEntry_Eager';
const SECOND_BUILTIN = 'DeoptimizationEntry_Lazy';
const BUILTIN_BYTES = 24;
const MAX_BUILTINS = 8000;
/** What V8's native_context_names begins with, and its slot. */
const FIRST_FIELD = 'global_proxy_object';
const FIELD_BYTES = 16;
const MAX_FIELDS = 512;
const MAX_SLOT = 4096;

/** What has to be found in a program for the rest to be found. */
export const TEXTS: readonly string[] = [LAST_ROOT, FIRST_BUILTIN, FIRST_FIELD];

export interface NameTables {
  /** Of the entries of the roots table, in their order; null where there is no such table. */
  roots: string[] | null;
  /** Of builtins, in the order of their code; none where there is no such table. */
  builtins: string[];
  /** Of the slots of native contexts; none where there is no such table. */
  contextFields: ContextField[];
}

export interface ContextField {
  slot: number;
  name: string;
}

/** All three in one pass over the program, and another over the pointers in it. */
export function findNameTables(program: LoadedProgram, words: MemoryWords, firstRoot: string): NameTables {
  const texts = program.findTexts(TEXTS);
  const pointers = program.findWords([...texts.values()].flat());
  const pointersTo = (text: string): number[] =>
    pointers.filter((at) => texts.get(text)?.includes(words.word(at) ?? 0) === true);
  return {
    roots: rootNames(pointersTo(LAST_ROOT), words, firstRoot),
    builtins: builtinNames(pointersTo(FIRST_BUILTIN), words),
    contextFields: contextFieldNames(pointersTo(FIRST_FIELD), words),
  };
}

function rootNames(pointers: readonly number[], words: MemoryWords, firstRoot: string): string[] | null {
  for (const last of pointers) {
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

function builtinNames(pointers: readonly number[], words: MemoryWords): string[] {
  for (const first of pointers) {
    if (nameAt(words, first + BUILTIN_BYTES) !== SECOND_BUILTIN) continue;
    const names: string[] = [];
    while (names.length < MAX_BUILTINS) {
      const name = nameAt(words, first + names.length * BUILTIN_BYTES);
      if (name === null || !/^\w+$/.test(name)) break;
      names.push(name);
    }
    return names;
  }
  return [];
}

function contextFieldNames(pointers: readonly number[], words: MemoryWords): ContextField[] {
  for (const first of pointers) {
    const fields: ContextField[] = [];
    for (let at = first - WORD; fields.length < MAX_FIELDS; at += FIELD_BYTES) {
      const slot = words.word(at);
      const name = nameAt(words, at + WORD);
      const last = fields.at(-1)?.slot ?? 0;
      if (slot === null || name === null || slot <= last || slot > MAX_SLOT || !/^\w+$/.test(name)) break;
      fields.push({ slot, name });
    }
    if (fields.length > 1) return fields;
  }
  return [];
}

function nameAt(words: MemoryWords, at: number): string | null {
  const pointer = words.word(at);
  return pointer === null || pointer === 0 ? null : words.text(pointer);
}
