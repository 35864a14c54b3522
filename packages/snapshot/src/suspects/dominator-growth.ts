/**
 * Attributes growth to dominators: each node's bytes count for its immediate dominator, and similar
 * dominators share a row. The rows add up to the growth of the whole heap.
 */
import type { StructureTree } from './structure-tree.js';
import type { DominatorGrowth } from './suspect.js';

const MAX_ROWS = 20;
const REST = '(all others)';

/**
 * Returns the rows, largest growth first; the last row contains the rest. The root has its own row if it has
 * bytes of its own.
 */
export function dominatorGrowth({ parent, className, edgeName, columns }: StructureTree): DominatorGrowth[] {
  const rows = new Map<string, DominatorGrowth>();
  for (let place = 0; place < parent.length; place++) {
    const above = parent[place];
    addTo(rowOf(rows, nameOf(className[above], edgeName[above]), columns.length), place);
  }
  const sorted = [...rows.values()].filter(hasChanged).sort((a, b) => grown(b) - grown(a));
  if (sorted.length <= MAX_ROWS) return sorted;
  const shown = new Set(
    [...sorted].sort((a, b) => Math.abs(grown(b)) - Math.abs(grown(a))).slice(0, MAX_ROWS - 1),
  );
  const rest = rowOf(new Map(), REST, columns.length);
  for (const row of sorted) {
    if (shown.has(row)) continue;
    row.counts.forEach((count, at) => (rest.counts[at] += count));
    row.bytes.forEach((bytes, at) => (rest.bytes[at] += bytes));
  }
  return [...sorted.filter((row) => shown.has(row)), rest];

  function addTo(row: DominatorGrowth, place: number): void {
    columns.forEach(({ count, ownBytes }, at) => {
      row.counts[at] += count[place];
      row.bytes[at] += ownBytes[place];
    });
  }
}

function rowOf(rows: Map<string, DominatorGrowth>, name: string, columns: number): DominatorGrowth {
  let row = rows.get(name);
  if (!row) {
    const zeros = (): number[] => new Array<number>(columns).fill(0);
    rows.set(name, (row = { name, counts: zeros(), bytes: zeros() }));
  }
  return row;
}

/** Names a row: `orders (Map)`; V8's roots by their own names. */
function nameOf(className: string, edge: string): string {
  if (className.startsWith('(') || edge === '' || edge === '[]') return className;
  const symbol = /^<symbol (.*)>$/s.exec(edge);
  return `${symbol === null ? edge : symbol[1]} (${className})`;
}

function grown({ bytes }: DominatorGrowth): number {
  return bytes[bytes.length - 1] - bytes[0];
}

function hasChanged(row: DominatorGrowth): boolean {
  return grown(row) !== 0 || row.counts[row.counts.length - 1] !== row.counts[0];
}
