/** The report of `afterimage descriptors`: how close the process is to its limit, and what it has open. */
import type { DescriptorGroup, OpenDescriptors } from '../../processes/open-descriptors.js';
import { formatShare } from '@afterimage/host/format';
import { formatCount, formatNumberOf } from '../../cli/quantities.js';
import type { Block } from './block.js';
import { andMore } from './classes.js';

/** @param shown maximum number of groups */
export function descriptorBlocks(pid: number, open: OpenDescriptors, shown: number): Block[] {
  const { used, limit, groups } = open;
  const ofLimit = limit === null ? ', without a limit' : ` of ${formatCount(limit)}`;
  const blocks: Block[] = [
    {
      kind: 'heading',
      level: 1,
      text: `process ${pid}: ${formatCount(used)}${ofLimit} file descriptors in use`,
    },
  ];
  const conclusion = verdict(open);
  if (conclusion !== null) blocks.push({ kind: 'paragraph', weight: 'strong', text: conclusion });
  blocks.push({
    kind: 'table',
    columns: [
      { name: 'kind', is: 'words' },
      { name: 'count', is: 'figure' },
      { name: 'what', is: 'name' },
      { name: 'states', is: 'words', isOptional: true },
    ],
    rows: groups
      .slice(0, shown)
      .map((group) => [group.kind, formatCount(group.count), group.what, statesText(group)]),
  });
  blocks.push(...andMore(groups.length - shown, 'group'));
  blocks.push({ kind: 'paragraph', weight: 'faint', text: 'Nothing was sent to the process.' });
  return blocks;
}

/** A group with at least this share of all descriptors is what the process leaks, or at least holds. */
const MAIN_SHARE = 0.3;
/** Fewer are not mentioned. */
const MIN_COUNT = 20;
const CLOSED_BY_PEER = 'CLOSE-WAIT';

/**
 * Names what the process holds most of, and connections that the peer has closed; null if neither stands out.
 */
function verdict({ used, groups }: OpenDescriptors): string | null {
  const sentences: string[] = [];
  const largest = groups.at(0);
  if (largest !== undefined && largest.count >= Math.max(MIN_COUNT, MAIN_SHARE * used)) {
    sentences.push(`${named(largest, largest.count)} make up ${formatShare(largest.count / used)} of them.`);
  }
  const closed = (group: DescriptorGroup): number => group.states[CLOSED_BY_PEER] ?? 0;
  const waiting = [...groups].sort((a, b) => closed(b) - closed(a)).at(0);
  if (waiting !== undefined && closed(waiting) >= MIN_COUNT) {
    sentences.push(
      `The other side closed ${named(waiting, closed(waiting))}, and this process did not (${CLOSED_BY_PEER}).`,
    );
  }
  return sentences.length === 0 ? null : sentences.join(' ');
}

function named({ kind, what }: DescriptorGroup, count: number): string {
  return `${formatNumberOf(count, kind, plural(kind))}${what === '' ? '' : ` ${what}`}`;
}

function plural(kind: string): string {
  return kind.startsWith('socket ') ? kind.replace('socket', 'sockets') : `${kind}s`;
}

function statesText({ states }: DescriptorGroup): string {
  return Object.entries(states)
    .sort(([, a], [, b]) => b - a)
    .map(([state, count]) => `${formatCount(count)} ${state}`)
    .join(', ');
}
