/** One line about what an answer does not cover. */
import { formatNumberOf } from '../../cli/quantities.js';
import type { Block } from './block.js';

/** @param unmatchedNames redacted names that could not be matched between the files */
export function notCoveredBlocks(notCovered: readonly string[], unmatchedNames: number): Block[] {
  const names =
    unmatchedNames === 0 || notCovered.some((each) => /names?\b/.test(each))
      ? []
      : [`${formatNumberOf(unmatchedNames, 'redacted name')} could not be followed across the files`];
  const all = [...notCovered, ...names].map((each) => each.replace(/\.$/, ''));
  if (all.length === 0) return [];
  return [{ kind: 'paragraph', weight: 'faint', text: `Not covered: ${all.join('. ')}.` }];
}
