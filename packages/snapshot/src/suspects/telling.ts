/** Chooses which of several accumulations best shows what leaks. */
import type { Accumulation } from './accumulation.js';
import type { StructureTree } from './structure-tree.js';

/** Keys are strings and often large, but say less than their values. */
const STRINGS_TELL = 0.4;
/** Modules that are loaded repeatedly say more than the functions in them. */
const MODULES_TELL = 100;
/** Node's C++ side of an object leads to no callback; the JavaScript object does. */
const NATIVE_SIDE_TELLS = 0.01;
/**
 * Returns the bytes of an accumulation, weighted by how much it shows what leaks: of several with one holder,
 * the highest is named.
 */
export function telling(
  { className }: Pick<StructureTree, 'className'>,
  { place, bytes }: Pick<Accumulation, 'place' | 'bytes'>,
): number {
  if (className[place] === 'Module') return MODULES_TELL * bytes;
  if (className[place].startsWith('Node / ')) return NATIVE_SIDE_TELLS * bytes;
  return /string\)$/.test(className[place]) ? STRINGS_TELL * bytes : bytes;
}
