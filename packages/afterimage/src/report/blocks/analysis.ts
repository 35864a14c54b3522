/** The report of `afterimage analyze`. */
import { inputName } from '../../files/input-name.js';
import { formatBytes } from '@afterimage/host/format';
import type { RedactionLevel } from '@afterimage/snapshot';
import type { Analysis } from '../data/analysis.js';
import { formatCount } from '../../cli/quantities.js';
import type { Block } from './block.js';
import { classBlocks } from './classes.js';
import { afterAnalyze } from './next-command.js';
import { notCoveredBlocks } from './not-covered.js';
import { processText } from './process-figures.js';
import type { Shown } from './shown.js';
import { suspectsBlocks } from './suspects.js';

/** @param pidHere the process's ID if it can be captured again here; null otherwise */
export function analysisBlocks(analysis: Analysis, shown: Shown, pidHere: number | null): Block[] {
  return [
    ...openingBlocks(analysis, shown),
    ...classBlocks(analysis.classes, shown.classes),
    ...closingBlocks(analysis, shown, pidHere),
  ];
}

/** The summary, and the accumulations. */
export function openingBlocks(analysis: Analysis, shown: Shown): Block[] {
  const { file, thread, totals, redaction, process, suspects, summary } = analysis;
  const { nodes, edges, shallowBytes } = totals;
  const size = `${formatBytes(shallowBytes)} in ${formatCount(nodes)} nodes and ${formatCount(edges)} edges`;
  const blocks: Block[] = [
    { kind: 'heading', level: 1, text: summary },
    {
      kind: 'facts',
      rows: [
        { label: 'snapshot', value: inputName(file), isCode: true },
        { label: 'heap', value: size + threadText(thread) + redactedText(redaction) },
        ...(process === null ? [] : [{ label: 'process', value: processText(process) }]),
      ],
    },
  ];
  if (suspects.length > 0) blocks.push({ kind: 'heading', level: 2, text: 'Largest accumulations' });
  return [...blocks, ...suspectsBlocks(suspects, 1, shown)];
}

/** @param pidHere as for `analysisBlocks` */
export function closingBlocks(
  { file, suspects, notCovered }: Analysis,
  { isWhole }: Shown,
  pidHere: number | null,
): Block[] {
  return [...notCoveredBlocks(notCovered, 0), afterAnalyze(file, pidHere, suspects, isWhole)];
}

function threadText(thread: number | null): string {
  return thread === null ? '' : `, of worker thread ${thread}`;
}

function redactedText(redaction: RedactionLevel | null): string {
  return redaction === null || redaction === 'none' ? '' : `; redacted: ${redaction}`;
}
