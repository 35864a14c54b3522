/** The report of `afterimage ps`. */
import { formatBytes } from '@afterimage/host/format';
import { formatCount, formatNumberOf, formatSpan } from '../../cli/quantities.js';
import type { Capturability, ListedProcess } from '../../processes/listed-processes.js';
import type { Obstacle } from '../../processes/obstacle.js';
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
    name: 'workers',
    is: 'figure',
    isOptional: true,
    of: ({ heaps }) => (heaps === null || heaps < 2 ? '' : formatCount(heaps - 1)),
  },
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
  {
    name: 'descriptors',
    is: 'figure',
    of: ({ descriptors }) =>
      descriptors === null || descriptors.used < descriptors.limit * NEAR_LIMIT
        ? ''
        : `${formatCount(descriptors.used)} of ${formatCount(descriptors.limit)}`,
  },
];

/** From this share of the limit on, the number of descriptors is shown. */
const NEAR_LIMIT = 0.8;
const MARGIN_CELLS = 2;
/** On a narrow terminal, columns are omitted before a command is cut to less than this. */
const MIN_COMMAND_CELLS = 20;
const MAX_ALIKE_NAMED = 5;

/** @param width width of the page, in cells */
export function processesBlocks(processes: readonly ListedProcess[], width: number): Block[] {
  if (processes.length === 0) return [{ kind: 'paragraph', text: 'No Node.js processes found.' }];
  const columns = COLUMNS.filter(({ of }) => processes.some((each) => of(each) !== ''));
  const room = width - cellsTaken(columns, processes) - MARGIN_CELLS;
  const command = (each: ListedProcess): string => commandText(each, Math.max(room, MIN_COMMAND_CELLS));
  return [
    {
      kind: 'heading',
      level: 1,
      text: formatNumberOf(processes.length, 'Node.js process', 'Node.js processes'),
    },
    {
      kind: 'table',
      columns: [
        ...columns.map(({ name, is, isOptional }) => ({ name, is, isOptional: isOptional === true })),
        { name: 'command', is: 'name' },
      ],
      rows: processes.map((each) => [...columns.map(({ of }) => of(each)), command(each)]),
    },
    ...reasons(processes).map((text): Block => ({ kind: 'paragraph', text })),
  ];
}

function cellsTaken(columns: readonly ProcessColumn[], processes: readonly ListedProcess[]): number {
  return columns.reduce((sum, { name, of }) => {
    const longest = Math.max(name.length, ...processes.map((each) => of(each).length));
    return sum + longest + MARGIN_CELLS;
  }, 0);
}

/** If a command would be cut, the application and its directory say more. */
function commandText({ command, application: { name, directory } }: ListedProcess, room: number): string {
  const whole = command.join(' ');
  if (whole.length <= room) return whole;
  return directory === null ? name : `${name} in ${directory}`;
}

/** Why processes cannot be captured: a reason that several share is printed once. */
function reasons(processes: readonly ListedProcess[]): string[] {
  const alike = new Map<string, { message: string; pids: number[] }>();
  for (const { pid, capture } of processes) {
    if (capture.obstacle === null) continue;
    const { message } = capture.obstacle;
    const reason = alike.get(withoutPid(message, pid)) ?? { message, pids: [] };
    reason.pids.push(pid);
    alike.set(withoutPid(message, pid), reason);
  }
  return [...alike.values()].map(({ message, pids: [, ...others] }) => {
    if (others.length === 0) return message;
    const named = others.slice(0, MAX_ALIKE_NAMED).join(', ');
    const more = others.length - MAX_ALIKE_NAMED;
    return `${message} (the same for ${named}${more > 0 ? ` and ${more} more` : ''})`;
  });
}

function withoutPid(message: string, pid: number): string {
  return message.replaceAll(new RegExp(`\\b${pid}\\b`, 'g'), 'PID');
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
