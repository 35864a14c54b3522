/**
 * Finds where one snapshot has accumulated many similar nodes: many at a place, below a place with few. This
 * does not show growth over time; a cache of intended size looks the same as a leak.
 */
import { isProgramClass } from './growing-places.js';
import type { Accumulation } from './accumulation.js';
import type { StructureTree } from './structure-tree.js';

/** How many nodes per node above make an accumulation. */
const MIN_FAN_OUT = 20;
const MIN_SHARE = 0.002;

export function accumulatingPlaces({
  parent,
  className,
  columns: [{ count, ownBytes, bytes }],
}: StructureTree): Accumulation[] {
  const found: Accumulation[] = [];
  /** Marks places inside a found one: a place comes after its parent. */
  const inside = new Uint8Array(parent.length);
  const least = bytes[0] * MIN_SHARE;
  for (let place = 1; place < parent.length; place++) {
    const above = parent[place];
    inside[place] = inside[above];
    if (inside[place] || bytes[place] < least || !isProgramClass(className[place])) continue;
    const isMany = count[place] >= MIN_FAN_OUT * Math.max(1, count[above]);
    const isLarge = ownBytes[place] >= 10 * least && ownBytes[place] > bytes[place] / 2;
    if (!isMany && !isLarge) continue;
    inside[place] = 1;
    found.push({ place, inSize: !isMany, counts: [count[place]], count: count[place], bytes: bytes[place] });
  }
  return found.sort((a, b) => b.bytes - a.bytes);
}
