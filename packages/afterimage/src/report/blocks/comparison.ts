/** The report of `afterimage diff`. */
import { inputName } from '../../files/input-name.js';
import { formatBytes, formatShare } from '@afterimage/host/format';
import { basename } from 'node:path';
import type { Comparison } from '../data/comparison.js';
import { formatBytesChange, formatChange, formatCount, formatNumberOf } from '../../cli/quantities.js';
import type { Block, Table } from './block.js';
import { grownClassBlocks } from './classes.js';
import { afterDiff } from './next-command.js';
import { notCoveredBlocks } from './not-covered.js';
import { PROCESS_COLUMNS } from './process-figures.js';
import type { Shown } from './shown.js';
import { suspectsBlocks } from './suspects.js';

/** Minimum share of the growth outside the heap that is mentioned. */
const WORTH_TELLING = 0.01;

export function comparisonBlocks(comparison: Comparison, shown: Shown): Block[] {
  return [
    ...openingBlocks(comparison, shown),
    ...detailBlocks(comparison, shown),
    ...closingBlocks(comparison, shown),
  ];
}

/** The summary, a line for each snapshot, and the suspects. */
export function openingBlocks(comparison: Comparison, shown: Shown): Block[] {
  const { files, outsideHeap, growth, suspects } = comparison;
  const blocks: Block[] = [
    { kind: 'heading', level: 1, text: headline(comparison) },
    snapshotTable(comparison),
  ];
  const isTold = headline(comparison).includes("outside V8's heap");
  if (outsideHeap.bytes > Math.abs(growth.bytes) * WORTH_TELLING && outsideHeap.bytes > 0 && !isTold) {
    const buffers = formatBytesChange(outsideHeap.arrayBufferBytes);
    const text = `${formatBytesChange(outsideHeap.bytes)} of it outside V8's heap, ${buffers} in buffers`;
    blocks.push({ kind: 'paragraph', weight: 'faint', text });
  }
  if (suspects.length > 0) blocks.push({ kind: 'heading', level: 2, text: 'Suspects' });
  return [...blocks, ...suspectsBlocks(suspects, files.length, shown)];
}

/** Tables for reference. */
export function detailBlocks({ classes, dominators }: Comparison, shown: Shown): Block[] {
  return [
    ...(shown.isWhole && dominators.length > 0 ? dominatorBlocks(dominators, shown.classes) : []),
    ...grownClassBlocks(classes, shown.classes),
  ];
}

export function closingBlocks(comparison: Comparison, { isWhole }: Shown): Block[] {
  const { files, suspects, notCovered, unmatchedNames } = comparison;
  return [...notCoveredBlocks(notCovered, unmatchedNames), afterDiff(files, suspects, isWhole)];
}

/** The library's sentence, or the figures if there is none. */
export function headline({ summary, suspects, explainedShare, growth }: Comparison): string {
  if (summary !== '') return summary;
  if (growth.bytes <= 0) return `The heap did not grow: ${formatBytesChange(growth.bytes)}`;
  const verb = suspects.length === 1 ? 'explains' : 'explain';
  const explained = `${verb} ${formatShare(explainedShare)} of ${formatBytesChange(growth.bytes)}`;
  return `${formatNumberOf(suspects.length, 'suspect')} ${explained}`;
}

/** A line for each snapshot, and a last one for the growth. */
function snapshotTable({ files, heaps, growth, process }: Comparison): Table {
  const columns = PROCESS_COLUMNS.map((column) => ({
    ...column,
    values: (process ?? []).map((figures) => figures && column.of(figures)),
  })).filter(({ values }) => values.some((value) => value !== null));
  const names = namesOf(files);
  const rows = heaps.map(({ bytes, nodes }, at) => [
    names[at],
    formatBytes(bytes),
    formatCount(nodes),
    ...columns.map(({ values, format }) => textOf(values[at], format)),
  ]);
  const changes = columns.map(({ values, formatChange: format }) => {
    const [first, last] = [values[0], values.at(-1)];
    return first == null || last == null ? '' : format(last - first);
  });
  return {
    kind: 'table',
    columns: [
      { name: 'snapshot', is: 'name' },
      { name: 'heap', is: 'figure' },
      { name: 'nodes', is: 'figure', isOptional: true },
      ...columns.map(({ name }) => ({ name, is: 'figure' as const, isOptional: true })),
    ],
    rows: [...rows, ['growth', formatBytesChange(growth.bytes), formatChange(growth.nodes), ...changes]],
  };
}

function textOf(value: number | null | undefined, format: (value: number) => string): string {
  return value == null ? '' : format(value);
}

/** Names without directories, if they are still distinct. */
function namesOf(files: readonly string[]): string[] {
  const short = files.map((file) => (file === '-' ? inputName(file) : basename(file)));
  return new Set(short).size === files.length ? short : [...files];
}

/** The rows add up to the growth: the omitted ones are combined. */
function dominatorBlocks(dominators: Comparison['dominators'], shown: number): Block[] {
  const change = (figures: readonly number[]): number => (figures.at(-1) ?? 0) - (figures[0] ?? 0);
  const rows = dominators.map(({ name, counts, bytes }) => ({
    name,
    count: change(counts),
    bytes: change(bytes),
  }));
  const total = (some: typeof rows, name: string): (typeof rows)[number] => ({
    name,
    count: some.reduce((sum, { count }) => sum + count, 0),
    bytes: some.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  const left = rows.slice(shown);
  const others = left.length === 0 ? [] : [total(left, `(${formatCount(left.length)} others)`)];
  return [
    { kind: 'heading', level: 2, text: 'Growth by immediate dominator' },
    {
      kind: 'table',
      columns: [
        { name: 'dominator', is: 'name' },
        { name: 'nodes', is: 'figure' },
        { name: 'shallow', is: 'figure' },
      ],
      rows: [...rows.slice(0, shown), ...others, total(rows, 'in all')].map(({ name, count, bytes }) => [
        name,
        formatChange(count),
        formatBytesChange(bytes),
      ]),
    },
  ];
}
