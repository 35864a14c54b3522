/** Reads objects and their words by pointers that may be wrong: returns null if nothing can be read there. */
import type { MemoryReader } from './memory.js';
import type { ObjectLayout } from './object-layout.js';
import { isTagged, TAG, wordAt, type ObjectMap, type ObjectMaps } from './object-map.js';

export const WORD = 8;

export interface HeapAccess {
  layout: ObjectLayout;
  /** Reads `bytes` bytes of an object from `offset` on. */
  read(pointer: number, offset: number, bytes: number): Buffer | null;
  /** Reads a word of an object. */
  wordIn(pointer: number, offset: number): number | null;
  /** Reads a small integer from a word of an object: V8 keeps it in the upper half. */
  smallIn(pointer: number, offset: number, max: number): number | null;
  /** Returns the map that a pointer refers to. */
  mapAt: ObjectMaps['at'];
  /** Returns the map of the object that a pointer refers to. */
  mapOf(pointer: number | null): ObjectMap | null;
}

export function heapAccess(memory: MemoryReader, layout: ObjectLayout, maps: ObjectMaps): HeapAccess {
  const read = (pointer: number, offset: number, bytes: number): Buffer | null => {
    const buffer = Buffer.alloc(bytes);
    return memory.read(pointer - TAG + offset, buffer) ? buffer : null;
  };
  const wordIn = (pointer: number, offset: number): number | null => {
    const word = read(pointer, offset, WORD);
    return word === null ? null : wordAt(word, 0);
  };
  return {
    layout,
    mapAt: (pointer) => maps.at(pointer),
    read,
    wordIn,
    smallIn(pointer, offset, max) {
      const word = wordIn(pointer, offset);
      const value = word === null ? NaN : word / 2 ** 32;
      return Number.isInteger(value) && value <= max ? value : null;
    },
    mapOf(pointer) {
      if (pointer === null || !isTagged(pointer)) return null;
      const word = wordIn(pointer, 0);
      return word === null ? null : maps.at(word);
    },
  };
}

export function isIn(type: number, [first, last]: [number, number]): boolean {
  return type >= first && type <= last;
}
