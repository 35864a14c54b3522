/** The report of `afterimage memory`: the conclusion first, then the figures behind it. */
import { formatBytes, formatShare } from '@afterimage/host/format';
import type { Ledger, Part } from '../../memory/ledger.js';
import { formatNumberOf } from '../../cli/quantities.js';
import type { Block, Fact } from './block.js';

const NAMES: Record<Part, string> = {
  'v8-heap': 'JavaScript heap',
  native: 'native: Buffers, addons, stacks, kept by malloc',
  'main-stack': 'stack of the main thread',
  code: 'generated code outside of the heap',
  binary: 'Node.js, libraries and addons',
  'mapped-files': 'other mapped files',
  shared: 'shared memory',
  other: 'other',
};

export function memoryBlocks(ledger: Ledger): Block[] {
  const { pid, nodeVersion, rss, rows, heaps } = ledger;
  const name = (part: Part): string =>
    part === 'v8-heap' && heaps > 1
      ? `${NAMES[part]} (${formatNumberOf(heaps - 1, 'worker')} included)`
      : NAMES[part];
  return [
    { kind: 'heading', level: 1, text: `process ${pid}: ${formatBytes(rss)} resident` },
    { kind: 'paragraph', weight: 'strong', text: verdict(ledger) },
    {
      kind: 'table',
      columns: [
        { name: 'memory', is: 'words' },
        { name: 'resident', is: 'figure' },
        { name: 'share', is: 'figure' },
      ],
      rows: [...rows]
        .sort((a, b) => b.resident - a.resident)
        .map(({ part, resident }) => [name(part), formatBytes(resident), formatShare(resident / rss)]),
    },
    ...besides(ledger),
    { kind: 'paragraph', weight: 'faint', text: `Node.js ${nodeVersion}. Nothing was sent to the process.` },
  ];
}

/** From this share on, one part dominates the memory. */
const MAIN_SHARE = 0.5;

function verdict({ pid, rss, rows }: Ledger): string {
  const [largest] = [...rows].sort((a, b) => b.resident - a.resident);
  const share = largest.resident / rss;
  if (largest.part === 'v8-heap' && share >= MAIN_SHARE) {
    return `Most of it (${formatShare(share)}) is the JavaScript heap: afterimage capture ${pid} shows what holds it.`;
  }
  if (largest.part === 'native' && share >= MAIN_SHARE) {
    return (
      `Most of it (${formatShare(share)}) is native memory outside of the JavaScript heap: ` +
      `afterimage heap ${pid} says how much of that is Buffers.`
    );
  }
  if (largest.part === 'binary' && rss < 150e6) {
    return 'Most of it is Node.js itself: this process holds little.';
  }
  return 'No single kind of memory makes up half of it.';
}

function besides({ swapped, cgroup, rss }: Ledger): Block[] {
  const rows: Fact[] = [];
  if (swapped > 0) rows.push({ label: 'swapped out', value: formatBytes(swapped) });
  if (cgroup !== null) {
    const limit = cgroup.limit === null ? '' : ` of ${formatBytes(cgroup.limit)}`;
    const cache =
      cgroup.usage > rss ? `; ${formatBytes(cgroup.cache)} is page cache, which the kernel takes back` : '';
    rows.push({ label: 'its cgroup', value: `${formatBytes(cgroup.usage)}${limit}${cache}` });
  }
  return rows.length === 0 ? [] : [{ kind: 'facts', rows }];
}
