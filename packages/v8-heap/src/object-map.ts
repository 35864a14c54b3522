/**
 * Finds the map of a heap object: every object begins with a pointer to its map, which gives its type and
 * size. A word is such a pointer if it points to a map, that is, to an object whose own map is a map of maps.
 */
import type { ObjectLayout } from './object-layout.js';
import type { MemoryReader } from './memory.js';

export interface ObjectMap {
  /** Address without the tag. */
  address: number;
  type: number;
  /** Size of each of its objects in bytes; 0 if they differ. */
  instanceSize: number;
  bytes: Buffer;
}

export interface ObjectMaps {
  /** Returns the map that a tagged pointer refers to; null if that is not a map. */
  at(pointer: number): ObjectMap | null;
}

export const TAG = 1;
export const MAP_BYTES = 80;
const WORD = 8;
/** A heap has thousands of maps, and some words that only look like pointers to one. */
const MAX_READ = 300_000;

export function objectMaps(memory: MemoryReader, { map, types }: ObjectLayout): ObjectMaps {
  const known = new Map<number, ObjectMap | null>();
  const metaMaps = new Map<number, boolean>();
  const read = (pointer: number): Buffer | null => {
    const bytes = Buffer.alloc(MAP_BYTES);
    return memory.read(pointer - TAG, bytes) ? bytes : null;
  };

  /** A map of maps has the type of a map and is its own map. */
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
