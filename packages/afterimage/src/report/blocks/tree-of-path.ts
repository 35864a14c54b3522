/** A path, each step below its holder. */
import type { LeftOut, PathStep } from '@afterimage/snapshot';
import { formatNumberOf } from '../../cli/quantities.js';
import type { TreeItem } from './block.js';

/** The root numbers its references. */
const A_ROOTS_NUMBER = /^\[?\d+\]?$/;

export function treeOfPath(path: readonly PathStep[]): TreeItem[] {
  const items: TreeItem[] = [];
  for (const [at, { edge, name, id, leftOut }] of path.entries()) {
    const isUntold = edge === '' || (at === 0 && A_ROOTS_NUMBER.test(edge));
    items.push({ depth: items.length, text: isUntold ? name : `${edge}: ${name}`, mark: `@${id}` });
    if (leftOut) items.push({ depth: items.length, text: leftOutText(leftOut), mark: '' });
  }
  return items;
}

function leftOutText({ steps, period }: LeftOut): string {
  if (period === 0) return `… ${formatNumberOf(steps, 'step')} left out`;
  const before = period === 1 ? 'the one before' : `the ${period} before`;
  return `… ${formatNumberOf(steps, 'more step')} like ${before}`;
}
