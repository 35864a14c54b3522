/** Tables of classes: the program's own first, each with the suspect that explains it. */
import { formatBytes } from '@afterimage/host/format';
import type { ClassOrigin } from '@afterimage/snapshot';
import type { ClassTotals } from '../data/analysis.js';
import type { GrownClass } from '../data/comparison.js';
import { formatBytesChange, formatChange, formatCount, formatNumberOf } from '../../cli/quantities.js';
import type { Block, Column, Table } from './block.js';

const ORDER: Record<ClassOrigin, number> = { program: 0, library: 1, platform: 2, engine: 3 };

/** The program's own first, V8's last; otherwise keeps the order. */
function byOrigin<T extends { origin: ClassOrigin }>(classes: readonly T[]): T[] {
  return [...classes].sort((one, other) => ORDER[one.origin] - ORDER[other.origin]);
}

/** @param shown number of rows */
export function grownClassBlocks(classes: readonly GrownClass[], shown: number): Block[] {
  const grown = byOrigin(
    classes.filter(({ counts, shallowBytes }) => change(counts) > 0 || change(shallowBytes) > 0),
  );
  if (grown.length === 0) return [];
  const rows = grown.slice(0, shown);
  const areKnown = rows.some(({ instances }) => instances !== null);
  const table = withSuspects(rows, {
    columns: ['class', 'count', 'change', ...(areKnown ? ['kept'] : []), 'shallow', 'change'],
    row: ({ counts, shallowBytes, instances }) => [
      formatCount(counts.at(-1) ?? 0),
      formatChange(change(counts)),
      ...(areKnown ? [keptText(instances, counts[0] ?? 0)] : []),
      formatBytes(shallowBytes.at(-1) ?? 0),
      formatBytesChange(change(shallowBytes)),
    ],
  });
  return [{ kind: 'heading', level: 2, text: 'Classes that grew' }, table, ...andMore(grown.length - shown)];
}

/** Of those in the first snapshot, how many are surely the same ones. */
function keptText(instances: GrownClass['instances'], before: number): string {
  return instances === null || before === 0 ? '' : `${formatCount(instances.kept)} of ${formatCount(before)}`;
}

/** @param shown number of rows */
export function classBlocks(classes: readonly ClassTotals[], shown: number): Block[] {
  const table = withSuspects(byOrigin(largest(classes, shown)), {
    columns: ['class', 'count', 'shallow', 'retained'],
    row: ({ count, shallowBytes, retainedBytes }) => [
      formatCount(count),
      formatBytes(shallowBytes),
      formatBytes(retainedBytes),
    ],
  });
  return [
    { kind: 'heading', level: 2, text: 'Classes that retain most' },
    table,
    ...andMore(classes.length - shown),
  ];
}

/** Half of the rows for the program's own classes, if it has that many, so that the rest stays visible. */
function largest(classes: readonly ClassTotals[], shown: number): ClassTotals[] {
  const own = classes.filter(({ origin }) => origin === 'program' || origin === 'library');
  const others = classes.filter(({ origin }) => origin === 'platform' || origin === 'engine');
  const half = Math.ceil(shown / 2);
  const ownShown = Math.min(own.length, Math.max(half, shown - others.length));
  return [...own.slice(0, ownShown), ...others.slice(0, shown - ownShown)];
}

interface ClassColumns<T> {
  /** The class name first. */
  columns: string[];
  row: (row: T) => string[];
}

/** Adds a last column for the suspects, if there are any. */
function withSuspects<T extends { name: string; suspect: number | null }>(
  classes: readonly T[],
  { columns, row }: ClassColumns<T>,
): Table {
  const hasSuspects = classes.some(({ suspect }) => suspect !== null);
  const all = columns.map((name, at): Column => ({ name, is: at === 0 ? 'name' : 'figure' }));
  return {
    kind: 'table',
    columns: hasSuspects ? [...all, { name: 'by', is: 'words' }] : all,
    rows: classes.map((each) => [
      each.name,
      ...row(each),
      ...(hasSuspects ? [each.suspect === null ? '' : `→ ${each.suspect}`] : []),
    ]),
  };
}

/** Says how many rows a table omits. */
export function andMore(
  left: number,
  one = 'class',
  many = one === 'class' ? 'classes' : `${one}s`,
): Block[] {
  if (left <= 0) return [];
  return [{ kind: 'paragraph', weight: 'faint', text: `and ${formatNumberOf(left, one, many)} more` }];
}

function change(figures: readonly number[]): number {
  return (figures.at(-1) ?? 0) - (figures[0] ?? 0);
}
