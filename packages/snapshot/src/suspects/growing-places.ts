/**
 * Finds growing places in the structure of a program: places with ever more nodes, below a place that does
 * not grow. What hangs below a growing place grows because of it and counts with it.
 */
import type { StructureTree } from './structure-tree.js';

export interface GrowingPlace {
  place: number;
  /** Whether its nodes get bigger instead of more. */
  inSize: boolean;
  /** Number of nodes in each snapshot. */
  counts: number[];
  /** Growth of what they retain, from the first snapshot to the last, in bytes. */
  bytes: number;
}

/** Less is ignored. */
const MIN_BYTES = 16 * 1024;
export const MIN_COUNT = 5;
/** With fewer than MIN_COUNT nodes, a place needs this share of all growth. */
const LARGE_SHARE = 0.05;
/** If the last step is smaller than this share of the earlier ones, the growth is ending. */
const SETTLING = 0.4;
/** Share of the growth in bytes that new nodes of mean size must explain. */
const MIN_SHARE_BY_NUMBER = 0.5;

export function growingPlaces(tree: StructureTree): GrowingPlace[] {
  const { parent, className, columns } = tree;
  const first = columns[0];
  const last = columns[columns.length - 1];
  const children = childrenOf(parent);
  const growthOfClass = growthByClass(tree);
  const total = Math.max(1, last.bytes[0] - first.bytes[0]);
  const found: GrowingPlace[] = [];

  /** Places to examine, top down. Not recursive, because lists make deep trees. */
  const stack = [0];
  for (let above = stack.pop(); above !== undefined; above = stack.pop()) {
    let grown = false;
    for (const place of children[above]) {
      const growing = growsInNumber(place, above);
      if (growing === null) stack.push(place);
      else {
        found.push(growing);
        grown = true;
      }
    }
    if (above === 0) continue;
    const ownBytes = columns.map((column) => column.ownBytes[above]);
    if (grown) {
      // The table of what grows has become larger with it.
      const largest = found[found.length - 1];
      largest.bytes += Math.max(0, ownBytes[ownBytes.length - 1] - ownBytes[0]);
    } else {
      const counts = columns.map((column) => column.count[above]);
      const each = ownBytes.map((size, at) => size / Math.max(1, counts[at]));
      const bytes = (each[each.length - 1] - each[0]) * counts[counts.length - 1];
      if (bytes >= MIN_BYTES && isProgramClass(className[above]) && rises(each) && counts[0] > 0) {
        found.push({ place: above, inSize: true, counts, bytes });
      }
    }
  }
  return found.sort((a, b) => b.bytes - a.bytes);

  function growsInNumber(place: number, above: number): GrowingPlace | null {
    const counts = columns.map((column) => column.count[place]);
    const more = counts[counts.length - 1] - counts[0];
    if (more <= 0 || !isSteady(counts)) return null;
    if (
      !isProgramClass(className[place]) &&
      !(className[place] === '(system)' && HAS_CELLS.has(className[above]))
    ) {
      return null;
    }
    if (last.bytes[place] - first.bytes[place] < MIN_BYTES) return null;
    const ownBytes = last.ownBytes[place] - first.ownBytes[place];
    // Checked before everything below is examined: otherwise a chain of unlike links would be scanned from
    // each link.
    if (more < MIN_COUNT && ownBytes < total * LARGE_SHARE) return null;
    const bytes = grownInside(place);
    if (bytes < MIN_BYTES) return null;
    // The nodes got bigger, not more: what is below shows why.
    if (more * last.typicalBytes[place] < MIN_SHARE_BY_NUMBER * bytes) return null;
    if (more < MIN_COUNT && bytes < total * LARGE_SHARE) return null;
    // More than random coming and going explains.
    if (more < 3 * Math.sqrt(counts[0]) && more > MIN_COUNT) return null;
    return { place, inSize: false, counts, bytes };
  }

  /**
   * Returns the growth of a place and everything below it, limited to the growth of each class: the rest came
   * from elsewhere.
   */
  function grownInside(top: number): number {
    const inside = new Map<string, number>();
    const places = [top];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const growth = last.ownBytes[place] - first.ownBytes[place];
      inside.set(className[place], (inside.get(className[place]) ?? 0) + growth);
      for (const child of children[place]) places.push(child);
    }
    let bytes = 0;
    for (const [name, growth] of inside) bytes += Math.min(growth, Math.max(0, growthOfClass.get(name) ?? 0));
    return bytes;
  }
}

const HAS_CELLS = new Set(['FinalizationRegistry', 'WeakMap', 'WeakSet']);
const VALUES = new Set([
  '(string)',
  '(concatenated string)',
  '(sliced string)',
  '(bigint)',
  '(number)',
  '(symbol)',
  '(regexp)',
]);

/** Excludes V8's code, shapes and tables, which grow while a program warms up. */
export function isProgramClass(name: string): boolean {
  if (name.startsWith('(')) return VALUES.has(name) || name === '(anonymous)()';
  return (
    !name.startsWith('system / ') ||
    name.startsWith('system / Context') ||
    name === 'system / JSArrayBufferData'
  );
}

/** Tells whether it grows from each snapshot to the next and has not nearly stopped. */
export function isSteady(counts: number[]): boolean {
  let grownBefore = 0;
  for (let at = 1; at < counts.length; at++) {
    const step = counts[at] - counts[at - 1];
    if (step <= 0) return false;
    if (at === counts.length - 1 && at > 1) return step >= (SETTLING * grownBefore) / (at - 1);
    grownBefore += step;
  }
  return true;
}

/**
 * Like {@link isSteady}, for what grows in leaps, such as arrays; if the last step is zero, it counts as
 * full.
 */
function rises(sizes: number[]): boolean {
  const steps = sizes.slice(1).map((size, at) => size - sizes[at]);
  return (
    steps.every((step) => step >= 0) &&
    steps[steps.length - 1] > 0 &&
    steps.filter((step) => step > 0).length >= Math.ceil(steps.length / 2)
  );
}

function childrenOf(parent: number[]): number[][] {
  const children = parent.map((): number[] => []);
  for (let place = 1; place < parent.length; place++) children[parent[place]].push(place);
  return children;
}

function growthByClass({ className, columns }: StructureTree): Map<string, number> {
  const first = columns[0].ownBytes;
  const last = columns[columns.length - 1].ownBytes;
  const growth = new Map<string, number>();
  className.forEach((name, place) => {
    growth.set(name, (growth.get(name) ?? 0) + last[place] - first[place]);
  });
  return growth;
}
