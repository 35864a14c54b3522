/**
 * Every heap object begins with a pointer to its map, which says what it is and how long. Whether a word is such a
 * pointer is told by what it points to: a map's own map is a map of maps.
 */
import type { ObjectLayout } from './object-layout.js';
import type { MemoryReader } from './memory.js';

export interface ObjectMap {
  /** Without the tag. */
  address: number;
  type: number;
  /** Of each of its objects in bytes; 0 where they differ. */
  instanceSize: number;
  bytes: Buffer;
}

export interface ObjectMaps {
  /** The map that a tagged pointer points to; null where it points to something else. */
  at(pointer: number): ObjectMap | null;
}

export const TAG = 1;
export const MAP_BYTES = 80;
const WORD = 8;
/** There are thousands of maps in a heap, and some words that only look like pointers to one. */
const MAX_READ = 300_000;

export function objectMaps(memory: MemoryReader, { map, types }: ObjectLayout): ObjectMaps {
  const known = new Map<number, ObjectMap | null>();
  const metaMaps = new Map<number, boolean>();
  const read = (pointer: number): Buffer | null => {
    const bytes = Buffer.alloc(MAP_BYTES);
    return memory.read(pointer - TAG, bytes) ? bytes : null;
  };

  /** A map of maps is of that type, and its own map is itself. */
  const isMetaMap = (pointer: number): boolean => {
    const before = metaMaps.get(pointer);
    if (before !== undefined) return before;
    if (metaMaps.size > MAX_READ || !isTagged(pointer)) return false;
    const bytes = read(pointer);
    const found =
      bytes !== null &&
      bytes.readUInt16LE(map.instanceType) === types.map &&
      wordAt(bytes, 0) === pointer &&
      bytes[map.instanceSizeInWords] * WORD >= MAP_BYTES - WORD;
    metaMaps.set(pointer, found);
    return found;
  };

  const look = (pointer: number): ObjectMap | null => {
    if (known.size > MAX_READ || !isTagged(pointer)) return null;
    const bytes = read(pointer);
    if (bytes === null || !isMetaMap(wordAt(bytes, 0))) return null;
    return {
      address: pointer - TAG,
      type: bytes.readUInt16LE(map.instanceType),
      instanceSize: bytes[map.instanceSizeInWords] * WORD,
      bytes,
    };
  };

  return {
    at: (pointer) => {
      let found = known.get(pointer);
      if (found === undefined) known.set(pointer, (found = look(pointer)));
      return found;
    },
  };
}

export function isTagged(word: number): boolean {
  return word % 4 === TAG;
}

export function wordAt(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}
