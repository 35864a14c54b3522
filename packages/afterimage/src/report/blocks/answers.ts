/** The report of `afterimage analyze` on a single question. */
import { formatBytes } from '@afterimage/host/format';
import type { PathStep } from '@afterimage/snapshot';
import type { Answers } from '../data/answers.js';
import type { Instances } from '../data/instances.js';
import type { Referrer, Referrers } from '../data/referrers.js';
import type { RepeatedString } from '../data/repeated-strings.js';
import { formatCount, formatNumberOf } from '../../cli/quantities.js';
import type { Block, TreeItem } from './block.js';
import { treeOfPath } from './tree-of-path.js';

export function answersBlocks(
  { strings, instances, path, pathText = '', retainers }: Answers,
  shownStrings: number,
): Block[] {
  return [
    ...(instances ? instancesBlocks(instances) : []),
    ...(path ? pathBlocks(path, pathText) : []),
    ...(retainers ? retainersBlocks(retainers) : []),
    ...(strings ? stringsBlocks(strings, shownStrings) : []),
  ];
}

function instancesBlocks({ class: name, count, shallowBytes, instances }: Instances): Block[] {
  const isNamed = instances.some((each) => each.name !== name);
  const shown = instances.length < count ? `, the largest ${formatCount(instances.length)} of them` : '';
  return [
    { kind: 'heading', level: 1, text: `Instances of ${name}` },
    {
      kind: 'paragraph',
      text: `${formatCount(count)} with ${formatBytes(shallowBytes)} of their own${shown}`,
    },
    {
      kind: 'table',
      columns: [
        { name: 'id', is: 'figure' },
        { name: 'shallow', is: 'figure' },
        { name: 'retained', is: 'figure' },
        ...(isNamed ? [{ name: 'name', is: 'name' } as const] : []),
        { name: 'held by', is: 'name' },
        { name: 'holder', is: 'figure' },
      ],
      rows: instances.map(({ id, name: own, shallowBytes, retainedBytes, heldBy }) => [
        `@${id}`,
        formatBytes(shallowBytes),
        formatBytes(retainedBytes),
        ...(isNamed ? [own] : []),
        heldBy === null ? '' : `${heldBy.edge} of ${heldBy.name}`,
        heldBy === null ? '' : `@${heldBy.id}`,
      ]),
    },
  ];
}

function pathBlocks(path: PathStep[], pathText: string): Block[] {
  const node = path.at(-1);
  const blocks: Block[] = [
    { kind: 'heading', level: 1, text: `What holds ${node?.name ?? ''} @${node?.id ?? 0}` },
  ];
  if (path.length === 1) {
    blocks.push({
      kind: 'paragraph',
      text: 'Only a root retains it, or nothing does and it was about to be collected. See --retainers',
    });
  }
  if (pathText !== '') blocks.push({ kind: 'paragraph', text: pathText });
  return [...blocks, { kind: 'tree', items: treeOfPath(path) }];
}

function retainersBlocks(retainers: Referrers): Block[] {
  const { name, id, count } = retainers;
  const many = formatNumberOf(count, 'reference');
  return [
    { kind: 'heading', level: 1, text: `Who refers to ${name} @${id}` },
    {
      kind: 'paragraph',
      text: `${many}; nearest to a root first, and below each what refers to it`,
    },
    { kind: 'tree', items: itemsOf(retainers, 0) },
  ];
}

/** Recursive, because there are only a few levels of referrers. */
function itemsOf({ count, referrers }: Referrers, depth: number): TreeItem[] {
  const items = referrers.flatMap((referrer) => [itemOf(referrer, depth), ...itemsOf(referrer, depth + 1)]);
  const left = count - referrers.length;
  if (left > 0 && items.length > 0) items.push({ depth, text: `${formatCount(left)} more`, mark: '' });
  return items;
}

function itemOf({ edge, name, id, distance }: Referrer, depth: number): TreeItem {
  const far = distance === null ? '' : `, distance ${distance}`;
  return { depth, text: `${edge} of ${name}`, mark: `@${id}${far}` };
}

function stringsBlocks(strings: RepeatedString[], shown: number): Block[] {
  const wasted = strings.reduce((sum, { wastedBytes }) => sum + wastedBytes, 0);
  const many = formatNumberOf(strings.length, 'string is', 'strings are');
  return [
    { kind: 'heading', level: 1, text: 'Duplicate strings' },
    {
      kind: 'paragraph',
      text: `${many} stored more than once; keeping one copy of each would free ${formatBytes(wasted)}`,
    },
    {
      kind: 'table',
      columns: [
        { name: 'string', is: 'name' },
        { name: 'count', is: 'figure' },
        { name: 'shallow', is: 'figure' },
        { name: 'wasted', is: 'figure' },
      ],
      rows: strings
        .slice(0, shown)
        .map(({ value, truncated, count, shallowBytes, wastedBytes }) => [
          truncated ? `${value}…` : value,
          formatCount(count),
          formatBytes(shallowBytes),
          formatBytes(wastedBytes),
        ]),
    },
  ];
}
