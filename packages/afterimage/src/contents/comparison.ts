/** What `afterimage diff` says of two or more snapshots. */
import { formatBytes } from '@afterimage/agent/figures';
import type { ClassGrowth } from '@afterimage/snapshot';
import type { Comparison } from '../analysis/comparison.js';
import { formatBytesChange, formatChange, formatCount, formatNumberOf, formatShare } from '../quantities.js';
import type { Block, Fact, Table } from './block.js';
import { andMore, type Shown } from './analysis.js';
import { suspectsBlocks } from './suspects.js';

/** Of the growth; from here on it is worth a line that it lies outside the heap. */
const WORTH_TELLING = 0.01;

export function comparisonBlocks(comparison: Comparison, shown: Shown): Block[] {
  return [
    ...headlineBlocks(comparison),
    ...suspectsSection(comparison, shown.suspects),
    ...growthSection(comparison, shown.classes),
  ];
}

export function headlineBlocks(comparison: Comparison): Block[] {
  const { files, growth, outsideHeap } = comparison;
  const rows: Fact[] = [
    { label: 'growth', value: `${formatBytesChange(growth.bytes)}, ${formatChange(growth.nodes)} nodes` },
  ];
  if (outsideHeap.bytes > Math.abs(growth.bytes) * WORTH_TELLING && outsideHeap.bytes > 0) {
    const behindBuffers = formatBytesChange(outsideHeap.arrayBufferBytes);
    rows.push({
      label: 'outside the JS heap',
      value: `${formatBytesChange(outsideHeap.bytes)}, of which behind buffers ${behindBuffers}`,
    });
  }
  files.forEach((file, at) => rows.push({ label: `snapshot ${at + 1}`, value: file, isCode: true }));
  return [
    { kind: 'heading', level: 1, text: headline(comparison) },
    { kind: 'facts', rows },
  ];
}

export function growthSection({ classes }: Comparison, shown: number): Block[] {
  const grown = grownClasses(classes);
  const left = grown.length - shown;
  const blocks: Block[] = [];
  if (grown.length > 0) {
    blocks.push({ kind: 'heading', level: 2, text: 'Classes that grew' }, growthTable(grown.slice(0, shown)));
  }
  if (left > 0) blocks.push(andMore(left));
  return blocks;
}

/** The library's own sentence, and without one the figures. */
export function headline({ summary, suspects, explainedShare, growth }: Comparison): string {
  if (summary !== '') return summary;
  if (growth.bytes <= 0) return `The heap did not grow: ${formatBytesChange(growth.bytes)}`;
  const verb = suspects.length === 1 ? 'explains' : 'explain';
  const explained = `${verb} ${formatShare(explainedShare)} of ${formatBytesChange(growth.bytes)}`;
  return `${formatNumberOf(suspects.length, 'suspect')} ${explained}`;
}

export function suspectsSection({ suspects }: Comparison, shown: number): Block[] {
  if (suspects.length === 0) return [];
  return [{ kind: 'heading', level: 2, text: 'Suspects' }, ...suspectsBlocks(suspects, true, shown)];
}

/** Those with more of them, or larger ones, at the end than at the beginning. */
function grownClasses(classes: readonly ClassGrowth[]): ClassGrowth[] {
  return classes.filter(({ counts, shallowBytes }) => change(counts) > 0 || change(shallowBytes) > 0);
}

function growthTable(classes: readonly ClassGrowth[]): Table {
  return {
    kind: 'table',
    columns: [
      { name: 'class', is: 'name' },
      { name: 'count', is: 'figure' },
      { name: 'change', is: 'figure' },
      { name: 'shallow', is: 'figure' },
      { name: 'change', is: 'figure' },
    ],
    rows: classes.map(({ name, counts, shallowBytes }) => [
      name,
      formatCount(counts.at(-1) ?? 0),
      formatChange(change(counts)),
      formatBytes(shallowBytes.at(-1) ?? 0),
      formatBytesChange(change(shallowBytes)),
    ]),
  };
}

function change(figures: readonly number[]): number {
  return (figures.at(-1) ?? 0) - (figures[0] ?? 0);
}
