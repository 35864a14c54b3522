/** What `afterimage ps` says of the processes it has found. */
import { formatBytes } from '@afterimage/agent/figures';
import { formatNumberOf, formatSpan } from '../quantities.js';
import type { Capturability, ListedProcess } from '../target/listed-processes.js';
import type { Obstacle } from '../target/obstacles.js';
import type { Block, Column } from './block.js';

/** A few words for the table; the sentences are below it. */
const OBSTACLES: Record<Obstacle['code'], string> = {
  unsupported: 'not this Node.js',
  'not-node': 'no Node.js',
  'not-running': 'stopped',
  'other-user': 'other user',
  'other-network': 'other network',
  'signal-blocked': 'signal blocked',
  'signal-not-caught': 'not ready',
  'no-addons': 'no addons',
  'signal-taken': 'signal taken',
  'few-descriptors': 'few descriptors',
  'few-threads': 'few threads',
  'little-memory': 'little memory',
  'port-taken': 'port taken',
  'gate-shut': 'gate shut',
  'signal-shared': 'signal shared',
  'agent-unreadable': 'unknown agent',
};

interface ProcessColumn extends Column {
  of: (process: ListedProcess) => string;
}

const COLUMNS: ProcessColumn[] = [
  { name: 'pid', is: 'figure', of: ({ pid }) => String(pid) },
  { name: 'user', is: 'name', isOptional: true, of: ({ user, uid }) => user ?? String(uid) },
  { name: 'node', is: 'figure', of: ({ nodeVersion }) => nodeVersion ?? '' },
  {
    name: 'up',
    is: 'figure',
    isOptional: true,
    of: ({ uptimeMs }) => (uptimeMs === null ? '' : formatSpan(uptimeMs)),
  },
  { name: 'rss', is: 'figure', of: ({ rssBytes }) => formatBytes(rssBytes) },
  { name: 'heap', is: 'figure', of: ({ heap }) => heapText(heap) },
  {
    name: 'cgroup',
    is: 'figure',
    isOptional: true,
    of: ({ memory }) =>
      memory === null ? '' : `${formatBytes(memory.usedBytes)} of ${formatBytes(memory.limitBytes)}`,
  },
  {
    name: 'container',
    is: 'name',
    isOptional: true,
    of: ({ container }) => (container === null ? '' : (container.podUid ?? container.id)),
  },
  { name: 'capture', is: 'words', of: ({ capture }) => captureWords(capture) },
  { name: 'command', is: 'name', of: ({ command }) => command.join(' ') },
];

export function processesBlocks(processes: readonly ListedProcess[]): Block[] {
  if (processes.length === 0)
    return [{ kind: 'paragraph', text: 'There is no Node.js process that one can see from here.' }];
  const columns = COLUMNS.filter(({ of }) => processes.some((each) => of(each) !== ''));
  const reasons = processes.flatMap(({ capture: { obstacle } }) =>
    obstacle === null ? [] : [obstacle.message],
  );
  return [
    {
      kind: 'heading',
      level: 1,
      text: formatNumberOf(processes.length, 'Node.js process', 'Node.js processes'),
    },
    {
      kind: 'table',
      columns: columns.map(({ name, is, isOptional }) => ({ name, is, isOptional: isOptional === true })),
      rows: processes.map((each) => columns.map(({ of }) => of(each))),
    },
    ...[...reasons, ...processes.flatMap(sharedSignal)].map((text): Block => ({ kind: 'paragraph', text })),
  ];
}

/** The agent says it in its log; here is where one sees it before sending the signal. */
function sharedSignal({ pid, agent, capture }: ListedProcess): string[] {
  if (agent === null || agent.otherListeners === null || agent.otherListeners === 0) return [];
  if (capture.obstacle !== null) return [];
  const listeners = formatNumberOf(agent.otherListeners, 'listener');
  return [
    `process ${pid} has ${listeners} of its own for ${agent.signal}: its agent takes captures by it, and does not pass it on`,
  ];
}

function heapText({ usedBytes, limitBytes }: ListedProcess['heap']): string {
  if (limitBytes === null) return '';
  const limit = formatBytes(limitBytes);
  return usedBytes === null ? `at most ${limit}` : `${formatBytes(usedBytes)} of ${limit}`;
}

function captureWords({ by, obstacle }: Capturability): string {
  if (obstacle !== null) return OBSTACLES[obstacle.code];
  return by === 'agent' ? 'by its agent' : 'yes';
}
