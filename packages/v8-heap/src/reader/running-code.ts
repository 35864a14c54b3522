/**
 * The code that frames return to: their addresses lie within instruction streams, which V8's collector keeps with their
 * code objects (RootVisitor::VisitRunningCode).
 */
import { WORD } from '../image/memory-words.js';
import type { OpenHeap } from './open-heap.js';

/** Most frames return to the same few places. */
const MAX_ADDRESSES = 1 << 12;

/** Both, tagged, of each address that lies in the heap. */
export function runningCode(heap: OpenHeap, addresses: readonly bigint[]): bigint[] {
  const { pages, types, version, words } = heap;
  const streamType = types.of('InstructionStream');
  const found = new Set<bigint>();
  const [first, last] = pages.reduce(
    ([from, to], { start, end }) => [Math.min(from, start), Math.max(to, end)],
    [Infinity, 0],
  );
  const inHeap = addresses
    .filter((address) => Number(address) >= first && Number(address) < last)
    .slice(0, MAX_ADDRESSES);
  for (const { start, end } of pages) {
    const within = inHeap.filter((address) => address >= BigInt(start) && address < BigInt(end));
    if (within.length === 0) continue;
    for (const [at, size] of objectsOf(heap, start, end, streamType)) {
      const holds = within.some((address) => address > BigInt(at) && address <= BigInt(at + size));
      const code = holds ? words.words(at + version.offsets.streamCode, 1) : null;
      if (code !== null) found.add(BigInt(at) | 1n).add(code[0]);
    }
  }
  return [...found];
}

/** Address and size of each object of a type in a page. */
function* objectsOf(
  { compiled, words }: OpenHeap,
  start: number,
  end: number,
  type: number,
): Generator<[at: number, size: number]> {
  for (let at = start; at < end;) {
    const place = compiled.placeOf(BigInt(at) | 1n) >>> 0;
    const map = place === 0 ? 0 : compiled.mapNamed(words.words(at, 1)?.[0] ?? 0n);
    const size = map === 0 ? 0 : Number(compiled.sizeOf(map, place));
    if (map !== 0 && compiled.typeOf(map) === type) yield [at, size];
    at += size > 0 && size <= end - at ? size : WORD;
  }
}
