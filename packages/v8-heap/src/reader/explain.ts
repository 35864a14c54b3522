/**
 * The self-check of the reader: every page but those of the young generation, which are not cleared when they are used
 * again, is walked from object to object, and what no rule explains is told.
 */
import type { OpenHeap } from './open-heap.js';
import { readStep } from './unreadable-heap.js';

export interface Explained {
  objects: number;
  /** Places where no rule told what lies there. */
  unexplained: number;
  /** The first of them. */
  spots: Spot[];
}

export interface Spot {
  address: number;
  /** The type of the object before, whose size may be wrong; null at the beginning of a page. */
  after: string | null;
}

/**
 * Once for an open heap: the counts are of all walks.
 * @throws {UnreadableHeapError}
 */
export function explainPages(heap: OpenHeap): Explained {
  return readStep(() => explained(heap));
}

function explained({ compiled, pages, types }: OpenHeap): Explained {
  pages.forEach(({ isYoung }, page) => {
    if (!isYoung) compiled.walkPage(page);
  });
  const { MAX_SPOTS, SPOT_BYTES, NO_TYPE } = compiled.constants;
  const unexplained = compiled.get('spotCount');
  const spots = Array.from({ length: Math.min(unexplained, MAX_SPOTS) }, (_, index): Spot => {
    const at = compiled.get('spots') + index * SPOT_BYTES;
    const type = compiled.view().getUint32(at + 8, true);
    const name = types.names().get(type) ?? `type ${type}`;
    return { address: Number(compiled.view().getBigUint64(at, true)), after: type === NO_TYPE ? null : name };
  });
  return { objects: compiled.get('objectCount'), unexplained, spots };
}
