/** A path, each step below the one that holds it. */
import type { PathStep } from '@afterimage/snapshot';
import type { TreeItem } from './block.js';

/** The root numbers what it refers to. */
const A_ROOTS_NUMBER = /^\[?\d+\]?$/;

export function treeOfPath(path: readonly PathStep[]): TreeItem[] {
  let below: TreeItem[] = [];
  for (const [at, { edge, name, id }] of [...path.entries()].reverse()) {
    const isUntold = edge === '' || (at === 0 && A_ROOTS_NUMBER.test(edge));
    below = [{ text: isUntold ? name : `${edge}: ${name}`, mark: `@${id}`, below }];
  }
  return below;
}
