/** Suspects: a line for each, and the details for checking one. */
import { formatBytes, formatShare } from '@afterimage/host/format';
import type { Holder, Suspect, SuspectPart } from '@afterimage/snapshot';
import { formatBytesChange, formatChange, formatCount, formatNumberOf } from '../../cli/quantities.js';
import type { Block, Fact, Ranking } from './block.js';
import { fullPlace, shortPath, shortPlace } from './places.js';
import type { Shown } from './shown.js';
import { treeOfPath } from './tree-of-path.js';

const EXAMPLES_SHOWN = 5;
/** Number of source locations, and of a suspect's other accumulations, unless all are requested. */
const PLACES_SHOWN = 2;
const PARTS_SHOWN = 2;
/** Steps that differ by less than this share of the largest are shown as one. */
const ALIKE = 0.1;

/** The list, and the details that `shown` selects. `captures` is the number of snapshots. */
export function suspectsBlocks(suspects: readonly Suspect[], captures: number, shown: Shown): Block[] {
  const listed = suspects.slice(0, shown.suspects);
  if (listed.length === 0) return [];
  const ranks = shown.details ?? listed.map(({ rank }) => rank);
  return [
    rankingOf(listed, captures),
    ...moreSuspects(suspects.length, listed.length, shown.isWhole),
    ...suspects
      .filter(({ rank }) => ranks.includes(rank))
      .flatMap((suspect) => detailsOf(suspect, shown.isWhole)),
  ];
}

/** @param captures number of snapshots; one shows sizes, more show growth */
function rankingOf(suspects: readonly Suspect[], captures: number): Ranking {
  const isGrowth = captures > 1;
  const hasSteps = captures > 2;
  return {
    kind: 'ranking',
    figures: [isGrowth ? 'growth' : 'size', 'share', ...(hasSteps ? ['per capture'] : [])],
    what: isGrowth ? 'suspect' : 'accumulation',
    rows: suspects.map((suspect) => ({
      rank: suspect.rank,
      figures: [
        isGrowth ? formatBytesChange(suspect.bytes) : formatBytes(suspect.bytes),
        formatShare(suspect.share),
        ...(hasSteps ? [stepsText(suspect.edges ?? suspect.counts)] : []),
      ],
      what: suspect.title,
      where: whereOf(suspect),
    })),
  };
}

function whereOf({ locations, holder }: Suspect): string {
  const first = locations.at(0);
  if (first !== undefined) return shortPlace(first);
  const path = holder.owner.indexOf('/');
  return path === -1 ? holder.owner : holder.owner.slice(0, path) + shortPath(holder.owner.slice(path), 36);
}

/** `+4,000`, or `+3,100 to +4,900` if the steps differ. */
function stepsText(counts: readonly number[]): string {
  const steps = counts.slice(1).map((count, at) => count - counts[at]);
  if (steps.length === 0) return '';
  const least = steps.reduce((one, other) => Math.min(one, other));
  const most = steps.reduce((one, other) => Math.max(one, other));
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  if (most - least <= Math.abs(most) * ALIKE) return formatChange(Math.round(mean));
  return `${formatChange(least)} to ${formatChange(most)}`;
}

/** Says how many suspects the list omits, and how to see them. */
function moreSuspects(all: number, shown: number, isWhole: boolean): Block[] {
  const left = Math.max(0, all - shown);
  const more = left === 0 ? [] : [`and ${formatNumberOf(left, 'smaller one')}`];
  if (!isWhole && all > 1) more.push('details of each: --suspect N');
  return more.length === 0 ? [] : [{ kind: 'paragraph', weight: 'faint', text: more.join('; ') }];
}

/** What the line of a suspect leaves out; `isWhole` adds examples and the path step by step. */
function detailsOf(suspect: Suspect, isWhole: boolean): Block[] {
  const { rank, kind, class: name, weight, limit, advice, counts } = suspect;
  // A single snapshot does not show growth.
  const condition = counts.length === 1 ? 'If it grows: ' : '';
  const said = [
    limit === null
      ? ''
      : limit.max === null
        ? `${formatCount(limit.now)} in a cache that has a limit and still fills up.`
        : `${formatCount(limit.now)} of at most ${formatCount(limit.max)}: it still fills up.`,
    weight === null ? '' : sentence(weight),
    condition === ''
      ? sentence(advice)
      : condition + sentence(advice).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()),
  ];
  return [
    { kind: 'heading', level: 3, text: `${rank}. ${kind}: ${name}` },
    { kind: 'paragraph', text: said.filter((each) => each !== '').join(' ') },
    { kind: 'facts', rows: factsOf(suspect, isWhole) },
    ...(isWhole ? [{ kind: 'tree', items: treeOfPath(suspect.path) } as const] : []),
  ];
}

function factsOf(suspect: Suspect, isWhole: boolean): Fact[] {
  const { holder, locations, examples, counts, edges, parts } = suspect;
  const rows: Fact[] = [{ label: 'held by', value: holderText(holder), isCode: true }];
  const most = isWhole ? Infinity : PLACES_SHOWN;
  if (holder.entries.length > 1) rows.push({ label: 'entries', value: entriesText(holder) });
  else if (counts.length > 1) rows.push({ label: 'count', value: inTurn(counts) });
  if (edges !== null) rows.push({ label: 'references', value: inTurn(edges) });
  for (const location of locations.slice(0, most)) {
    rows.push({ label: 'source', value: fullPlace(location), isCode: true });
  }
  if (suspect.pathText !== '') rows.push({ label: 'path', value: suspect.pathText, isCode: true });
  rows.push(...partRows(parts, isWhole ? Infinity : PARTS_SHOWN, counts.length > 1));
  if (isWhole && examples.length > 0) {
    const ids = examples.slice(0, EXAMPLES_SHOWN).map((id) => `@${id}`);
    rows.push({ label: 'for example', value: ids.join(' '), isCode: true });
  }
  return rows;
}

function holderText({ name, class: className, owner, id }: Holder): string {
  const what = name === className || name === '' ? className : `${name} (${className})`;
  return `${what}${owner === '' ? '' : ` of ${owner}`} @${id}`;
}

/** One holder with ever more entries is a collection; ever more holders accumulate elsewhere. */
function entriesText({ instances, entries }: Holder): string {
  const holders =
    instances.length > 1 ? ` in ${inTurn(instances)} ${isOne(instances) ? 'holder' : 'holders'}` : '';
  return inTurn(entries) + holders;
}

function isOne(instances: readonly number[]): boolean {
  return instances.every((count) => count <= 1);
}

function inTurn(counts: readonly number[]): string {
  const isSame = counts.every((count) => count === counts[0]);
  return isSame ? formatCount(counts[0]) : counts.map(formatCount).join(' → ');
}

/** Other accumulations with the same owner and cause, which its bytes include. */
function partRows(parts: readonly SuspectPart[], most: number, isGrowth: boolean): Fact[] {
  const rows = parts.slice(0, most).map(({ title, bytes }): Fact => {
    const size = isGrowth ? formatBytesChange(bytes) : formatBytes(bytes);
    return { label: 'part of it', value: `${title}, ${size}` };
  });
  const left = parts.length - rows.length;
  if (left > 0) rows.push({ label: '', value: `and ${formatNumberOf(left, 'smaller part')}` });
  return rows;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  return `${trimmed[0].toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`;
}
