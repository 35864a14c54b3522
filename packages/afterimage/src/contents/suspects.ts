/** Suspects, with all that is needed to check each. */
import type { SourceLocation, Suspect } from '@afterimage/snapshot';
import { formatBytes } from '@afterimage/agent/figures';
import { formatBytesChange, formatChange, formatCount, formatNumberOf, formatShare } from '../quantities.js';
import type { Block, Fact } from './block.js';
import { treeOfPath } from './tree-of-path.js';

const EXAMPLES_SHOWN = 5;
const LOCATIONS_SHOWN = 4;

/** The first `shown` of them; `isGrowth` when they are told by more than one snapshot. */
export function suspectsBlocks(suspects: readonly Suspect[], isGrowth: boolean, shown: number): Block[] {
  const left = suspects.length - shown;
  const blocks = suspects.slice(0, shown).flatMap((suspect): Block[] => [
    { kind: 'heading', level: 3, text: `${suspect.rank}. ${suspect.kind}: ${suspect.class}` },
    { kind: 'paragraph', text: suspect.summary },
    { kind: 'facts', rows: factsOf(suspect, isGrowth) },
    { kind: 'tree', items: treeOfPath(suspect.path) },
  ]);
  if (left > 0) {
    const more = `and ${formatNumberOf(left, 'weaker suspect')}, shown with --top ${suspects.length}`;
    blocks.push({ kind: 'paragraph', weight: 'faint', text: more });
  }
  return blocks;
}

function factsOf(suspect: Suspect, isGrowth: boolean): Fact[] {
  const { count, bytes, share, holder, locations, examples, counts } = suspect;
  const what = isGrowth
    ? `${formatChange(count)}, ${formatBytesChange(bytes)}, ${formatShare(share)} of the growth`
    : `${formatCount(count)}, ${formatBytes(bytes)}, ${formatShare(share)} of the heap`;
  const rows: Fact[] = [{ label: 'how much', value: what }];
  if (counts.length > 1) rows.push({ label: 'count', value: counts.map(formatCount).join(' → ') });
  const owner = holder.owner === '' ? '' : ` of ${holder.owner}`;
  rows.push({
    label: 'held by',
    value: `${holder.name} (${holder.class})${owner} @${holder.id}`,
    isCode: true,
  });
  for (const location of locations.slice(0, LOCATIONS_SHOWN)) {
    rows.push({ label: 'source', value: positionOf(location), isCode: true });
  }
  if (examples.length > 0) {
    const ids = examples.slice(0, EXAMPLES_SHOWN).map((id) => `@${id}`);
    rows.push({ label: 'for example', value: ids.join(' '), isCode: true });
  }
  if (suspect.pathText !== '') rows.push({ label: 'path', value: suspect.pathText });
  return rows;
}

function positionOf({ function: name, script, line, column }: SourceLocation): string {
  const position = `${script}:${line}:${column}`;
  return name === '' ? position : `${name} (${position})`;
}
