/** Finds the table that V8 13 and later look up the code of functions in, and copies it to the compiled reader. */
import type { FoundPage } from './page-headers.js';
import type { OpenHeap } from './open-heap.js';
import { typeAt } from './root-sets.js';

const HANDLE_SHIFT = 8;
const ENTRY_BYTES = 16;
const MAX_TABLE_BYTES = 256 << 20;
/** The table's first part, which may have been left untouched. */
const PART_BYTES = 1 << 16;
const SAMPLES = 200;
/** Of the sample: some functions are not alive, and their entries are used by others. */
const MIN_SHARE = 0.9;

/** Nothing in versions of V8 without such a table. */
export function loadDispatchTable(heap: OpenHeap): boolean {
  const { compiled, memory, version } = heap;
  if (version.dispatchHandles === null) return true;
  const handles = sampleHandles(heap, version.dispatchHandles.function);
  for (const { start, end } of memory.contents) {
    for (const base of [start, start - PART_BYTES]) {
      if (base < 0 || !leadsToCode(heap, base, handles)) continue;
      const bytes = Math.min(end - base, MAX_TABLE_BYTES);
      const copy = compiled.reserve(bytes) >>> 0;
      if (copy === 0) return false;
      memory.read(start, compiled.bytes(copy + start - base, bytes - (start - base)));
      compiled.set('dispatchTable', copy);
      compiled.set('dispatchBytes', bytes);
      return true;
    }
  }
  return false;
}

function sampleHandles({ compiled, pages, types, words }: OpenHeap, offset: number): number[] {
  const handles: number[] = [];
  const [first, last] = types.range('FirstJSFunctionType', 'LastJSFunctionType');
  for (const { start, end, isReadOnly, isLarge } of pages as readonly FoundPage[]) {
    if (isReadOnly || isLarge) continue;
    const page = words.words(start, (end - start) / 8);
    for (let at = 0; page !== null && at + offset / 8 < page.length; at++) {
      if (handles.length === SAMPLES) return handles;
      const map = compiled.mapNamed(page[at]);
      const type = map === 0 ? -1 : compiled.typeOf(map);
      const handle = Number(page[at + offset / 8] & 0xffffffffn);
      if (type >= first && type <= last && handle !== 0) handles.push(handle);
    }
  }
  return handles;
}

function leadsToCode(
  { compiled, types, words }: OpenHeap,
  base: number,
  handles: readonly number[],
): boolean {
  const code = types.of('Code');
  let hits = 0;
  for (const [index, handle] of handles.entries()) {
    const entry = words.words(base + (handle >>> HANDLE_SHIFT) * ENTRY_BYTES + 8, 1);
    if (entry !== null && typeAt(compiled, (entry[0] >> 16n) | 1n) === code) hits++;
    // Most places are not the table.
    if (index === 8 && hits < 5) return false;
  }
  return handles.length > 0 && hits >= handles.length * MIN_SHARE;
}
