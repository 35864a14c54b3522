/** What `afterimage analyze` says of a snapshot. */
import { formatBytes } from '@afterimage/agent/figures';
import type { RedactionLevel } from '@afterimage/snapshot';
import type { Analysis, ClassTotals } from '../analysis/analysis.js';
import { formatCount, formatNumberOf } from '../quantities.js';
import type { Block, Table } from './block.js';
import { suspectsBlocks } from './suspects.js';

/** How many, of all there are. */
export interface Shown {
  classes: number;
  suspects: number;
}

export function analysisBlocks(analysis: Analysis, shown: Shown): Block[] {
  return [
    ...totalsBlocks(analysis),
    ...classSection(analysis, shown.classes),
    ...suspectsSection(analysis, shown.suspects),
  ];
}

export function totalsBlocks({ file, totals, redaction }: Analysis): Block[] {
  const { nodes, edges, shallowBytes } = totals;
  return [
    { kind: 'heading', level: 1, text: file === '-' ? 'standard input' : file },
    {
      kind: 'paragraph',
      text: `${formatBytes(shallowBytes)} in ${formatCount(nodes)} nodes and ${formatCount(edges)} edges${redactedText(redaction)}`,
    },
  ];
}

function redactedText(redaction: RedactionLevel | null): string {
  return redaction === null || redaction === 'none' ? '' : `; redacted: ${redaction}`;
}

export function suspectsSection({ suspects }: Analysis, shown: number): Block[] {
  const heading: Block = { kind: 'heading', level: 2, text: 'Suspects' };
  if (suspects.length > 0) return [heading, ...suspectsBlocks(suspects, false, shown)];
  const text =
    'Nothing in this snapshot looks like a leak. Take another one later, and see what grew: afterimage diff BEFORE AFTER';
  return [heading, { kind: 'paragraph', text }];
}

export function classSection({ classes }: Analysis, shown: number): Block[] {
  const left = classes.length - shown;
  const blocks: Block[] = [
    { kind: 'heading', level: 2, text: 'Classes that retain most' },
    classTable(classes.slice(0, shown)),
  ];
  if (left > 0) blocks.push(andMore(left));
  return blocks;
}

/** For the classes that a table leaves out. */
export function andMore(left: number): Block {
  return { kind: 'paragraph', weight: 'faint', text: `and ${formatNumberOf(left, 'class', 'classes')} more` };
}

function classTable(classes: readonly ClassTotals[]): Table {
  return {
    kind: 'table',
    columns: [
      { name: 'class', is: 'name' },
      { name: 'count', is: 'figure' },
      { name: 'shallow', is: 'figure' },
      { name: 'retained', is: 'figure' },
    ],
    rows: classes.map(({ name, count, shallowBytes, retainedBytes }) => [
      name,
      formatCount(count),
      formatBytes(shallowBytes),
      formatBytes(retainedBytes),
    ]),
  };
}
