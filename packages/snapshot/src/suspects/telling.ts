/** Which of several accumulations says what leaks. */
import type { Accumulation } from './accumulation.js';
import type { StructureTree } from './structure-tree.js';

/** Keys are strings and often large, but say less than what is kept by them. */
const STRINGS_TELL = 0.4;
/** Modules that are loaded again say more than the functions in them. */
const MODULES_TELL = 100;
/** Bytes of an accumulation, by how much it says of what leaks: of several that one thing holds, the most telling is named. */
export function telling(
  { className }: Pick<StructureTree, 'className'>,
  { place, bytes }: Pick<Accumulation, 'place' | 'bytes'>,
): number {
  if (className[place] === 'Module') return MODULES_TELL * bytes;
  return /string\)$/.test(className[place]) ? STRINGS_TELL * bytes : bytes;
}
