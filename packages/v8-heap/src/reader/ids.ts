/** Ids that last: docs/reading.md says what they are derived from. The work is done in assembly/ids. */
import type { OpenHeap } from './open-heap.js';
import { UnreadableHeapError } from './unreadable-heap.js';

/** Where a table of bytes has its first. */
const BYTES = 16;
const MAX_COLLECTIONS = 1n << 31n;

/**
 * Derives the ids of the roots and of all objects, once these have names, and before they have edges.
 * @returns where they are, and what only images of the same thread of the same process have in common; null where
 *   the IDs mean nothing in other images
 * @throws {UnreadableHeapError}
 */
export function identifyNodes(heap: OpenHeap): { place: number; space: string | null } {
  const { compiled } = heap;
  compiled.set('functionContext', contextOffset(heap));
  writeKey(heap);
  writeCollections(heap);
  const place = compiled.identify() >>> 0;
  if (place === 0) throw new UnreadableHeapError('there is not enough memory for the ids of the heap');
  const space = BigInt.asUintN(64, compiled.sipHash(0n));
  return { place, space: compiled.get('idsLast') === 0 ? null : space.toString(16).padStart(16, '0') };
}

/**
 * The seed of V8's hashes, which each process draws, and where its heap lies. No snapshot has either, and both stay as long
 * as the process.
 */
function writeKey({ compiled, roots, heapAddress }: OpenHeap): void {
  const word = roots.byName.get('hash_seed');
  const place = word === undefined ? 0 : compiled.placeOf(word) >>> 0;
  const seed = place === 0 ? 0n : compiled.view().getBigUint64(place + BYTES, true);
  const readOnly = roots.byName.get('undefined_value') ?? 0n;
  compiled.setWord('idKey0', BigInt.asIntN(64, seed));
  compiled.setWord('idKey1', BigInt.asIntN(64, (BigInt(heapAddress) << 24n) ^ readOnly));
}

/**
 * How often the heap was collected, so that an address means something only as long as nothing can have moved. Where that
 * cannot be read, it is a number that no other image has.
 */
function writeCollections({ compiled, words, memory, heapAddress, version }: OpenHeap): void {
  const counts = words.words(heapAddress + version.collections, 1)?.[0] ?? 1n;
  const [full, all] = [counts & 0xffffffffn, counts >> 32n];
  const isPlausible = full <= all && all < MAX_COLLECTIONS;
  const unique = isPlausible ? 0n : numberOf(JSON.stringify(memory.metadata));
  compiled.setWord('collections', BigInt.asIntN(64, isPlausible ? all : unique));
  compiled.setWord('fullCollections', BigInt.asIntN(64, isPlausible ? full : unique));
}

/** FNV-1a, of 64 bits. */
function numberOf(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at++)
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n);
  return hash;
}

function contextOffset({ version }: OpenHeap): number {
  const field = version.fields.JSFunction.find(({ name }) => name === 'context');
  if (field === undefined) throw new UnreadableHeapError('functions have no context in this V8');
  return field.offset;
}
