/** Reads the text of strings and the names of functions in a heap. */
import { isIn, WORD, type HeapAccess } from './heap-access.js';

const MAX_TEXT = 200;
/** How many levels of a concatenated string to follow. */
const MAX_DEPTH = 3;
const MAX_LOCALS = 1 << 16;
/** A scope with more names than this keeps them in a separate table. */
const MAX_INLINED_LOCALS = 75;
/** The words after the locals: class variable, name and inferred name, as far as present. */
const NAME_WORDS = 5;

/** Returns the first `most` characters of a string; null if it is not a string, or is stored outside the heap. */
export function textOf(heap: HeapAccess, pointer: number | null, most = MAX_TEXT, depth = 0): string | null {
  const { types, string } = heap.layout;
  const map = heap.mapOf(pointer);
  if (pointer === null || map === null || map.type >= types.firstNonstring || depth > MAX_DEPTH) return null;
  const representation = map.type & string.representationMask;
  if (representation === string.thin)
    return textOf(heap, heap.wordIn(pointer, string.actual), most, depth + 1);
  if (representation === string.cons) {
    const first = textOf(heap, heap.wordIn(pointer, string.first), most, depth + 1);
    const second = textOf(heap, heap.wordIn(pointer, string.second), most, depth + 1);
    return first === null || second === null ? null : (first + second).slice(0, most);
  }
  if (representation !== 0) return null;
  const head = heap.read(pointer, 0, string.chars);
  if (head === null) return null;
  const length = Math.min(head.readUInt32LE(string.length), most);
  const isOneByte = (map.type & string.oneByteBit) !== 0;
  const chars = heap.read(pointer, string.chars, length * (isOneByte ? 1 : 2));
  return chars?.toString(isOneByte ? 'latin1' : 'utf16le') ?? null;
}

/** Returns a function's name; empty if it has none, null if the object is not a function. */
export function functionName(heap: HeapAccess, pointer: number | null): string | null {
  const { types, function: layout, sharedFunctionInfo } = heap.layout;
  const map = heap.mapOf(pointer);
  if (pointer === null || map === null || !isIn(map.type, types.functions)) return null;
  const shared = heap.wordIn(pointer, layout.shared);
  if (shared === null || heap.mapOf(shared)?.type !== types.sharedFunctionInfo) return null;
  const name = heap.wordIn(shared, sharedFunctionInfo.nameOrScopeInfo);
  if (name === null) return null;
  return heap.mapOf(name)?.type === types.scopeInfo ? scopeName(heap, name) : (textOf(heap, name) ?? '');
}

function scopeName(heap: HeapAccess, scope: number): string {
  const { localCount, firstLocal } = heap.layout.scopeInfo;
  const locals = heap.smallIn(scope, localCount, MAX_LOCALS);
  if (locals === null) return '';
  const words = locals < MAX_INLINED_LOCALS ? locals * 2 : locals + 1;
  for (let at = 0; at < NAME_WORDS; at++) {
    const found = textOf(heap, heap.wordIn(scope, firstLocal + (words + at) * WORD));
    if (found !== null) return found;
  }
  return '';
}
