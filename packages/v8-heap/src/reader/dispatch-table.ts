/** Finds the table that V8 13 and later look up the code of functions in, and copies it to the compiled reader. */
import { fieldOf } from './layout-tables.js';
import type { OpenHeap } from './open-heap.js';
import { typeAt } from './root-sets.js';

const HANDLE_SHIFT = 8;
const ENTRY_BYTES = 16;
/** kJSDispatchTableReservationSize in V8: nothing else lies in it. */
const TABLE_BYTES = 128 << 20;
/** The table grows by such parts, of which the first may have been left untouched. */
const PART_BYTES = 1 << 16;
const MAX_UNTOUCHED_PARTS = 4;
const SAMPLES = 500;
/** So that no page with dead functions alone decides. */
const SAMPLES_OF_PAGE = 40;
const FEW_SAMPLES = 16;
/** Of the sample: some functions are not alive, and their entries are used by others. */
const MIN_SHARE = 0.5;
const SHARED_PARAMETERS = 'SharedFunctionInfo__internal_formal_parameter_count';

interface Sample {
  handle: number;
  /** Of the function, as its SharedFunctionInfo says. */
  parameters: number;
}

/** Nothing in versions of V8 without such a table. */
export function loadDispatchTable(heap: OpenHeap): boolean {
  const { compiled, memory, version } = heap;
  if (version.dispatchHandles === null) return true;
  const table = findTable(heap, version.dispatchHandles.function);
  if (table === null) return false;
  const parts = memory.contents.filter(({ start, end }) => start >= table && end <= table + TABLE_BYTES);
  const bytes = Math.max(...parts.map(({ end }) => end)) - table;
  const copy = compiled.reserve(bytes) >>> 0;
  if (copy === 0) return false;
  for (const { start, end } of parts) memory.read(start, compiled.bytes(copy + start - table, end - start));
  compiled.set('dispatchTable', copy);
  compiled.set('dispatchBytes', bytes);
  return true;
}

/** The address from which most functions find code with as many parameters as they have. */
function findTable(heap: OpenHeap, offset: number): number | null {
  const samples = sampleFunctions(heap, offset);
  const step = Math.ceil(samples.length / FEW_SAMPLES);
  // From all pages: the functions of one may all be dead.
  const few = samples.filter((_, at) => at % step === 0);
  let best: { address: number; hits: number } = { address: 0, hits: samples.length * MIN_SHARE };
  for (const address of placesOf(heap)) {
    // Most places are not the table.
    if (countHits(heap, address, few) === 0) continue;
    const hits = countHits(heap, address, samples);
    if (hits > best.hits) best = { address, hits };
  }
  return best.address === 0 ? null : best.address;
}

/** Where the table may begin: where memory does, but for pages of the heap. */
function placesOf({ memory, pages }: OpenHeap): Set<number> {
  const heap = new Set(pages.map(({ address }) => address));
  const places = new Set<number>();
  for (const { start } of memory.contents)
    for (let part = 0; part < MAX_UNTOUCHED_PARTS && !heap.has(start); part++)
      places.add(Math.max(0, start - part * PART_BYTES));
  return places;
}

function sampleFunctions(
  { compiled, pages, types, words, program, version }: OpenHeap,
  offset: number,
): Sample[] {
  const samples: Sample[] = [];
  const shared = version.offsets.functionShared;
  const parametersAt = fieldOf(program.symbols, SHARED_PARAMETERS);
  const [first, last] = types.range('FirstJSFunctionType', 'LastJSFunctionType');
  for (const { start, end, isReadOnly, isLarge, isYoung } of pages) {
    // Most functions on young pages are not alive.
    if (isReadOnly || isLarge || isYoung) continue;
    const page = words.words(start, Math.floor((end - start) / 8));
    const enough = Math.min(SAMPLES, samples.length + SAMPLES_OF_PAGE);
    for (let at = 0; page !== null && at + 8 < page.length && samples.length < enough; at++) {
      const map = compiled.mapNamed(page[at]);
      const type = map === 0 ? -1 : compiled.typeOf(map);
      const handle = Number(page[at + offset / 8] & 0xffffffffn);
      const info = compiled.placeOf(page[at + shared / 8]) >>> 0;
      if (type < first || type > last || handle === 0 || info === 0) continue;
      samples.push({ handle, parameters: compiled.view().getUint16(info + parametersAt, true) });
    }
  }
  return samples;
}

function countHits({ compiled, types, words }: OpenHeap, table: number, samples: readonly Sample[]): number {
  const code = types.of('Code');
  return samples.filter(({ handle, parameters }) => {
    const entry = words.words(table + (handle >>> HANDLE_SHIFT) * ENTRY_BYTES + 8, 1);
    return (
      entry !== null &&
      Number(entry[0] & 0xffffn) === parameters &&
      typeAt(compiled, (entry[0] >> 16n) | 1n) === code
    );
  }).length;
}
