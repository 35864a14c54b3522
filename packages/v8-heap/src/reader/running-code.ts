/**
 * The code that frames return to: their addresses lie within instruction streams, which V8's collector keeps with their
 * code objects (RootVisitor::VisitRunningCode).
 */
import { WORD } from '../image/memory-words.js';
import type { OpenHeap } from './open-heap.js';

/** Both, tagged, of each address that lies in the heap. */
export function runningCode(heap: OpenHeap, addresses: readonly bigint[]): bigint[] {
  const { pages, types, version, words } = heap;
  const streamType = types.of('InstructionStream');
  const found = new Set<bigint>();
  for (const { start, end } of pages) {
    const within = addresses.filter((address) => address >= BigInt(start) && address < BigInt(end));
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
