/** `afterimage descriptors`: what a running process has open, by kind, without touching it. */
import { Command } from 'commander';
import { CommandError } from '../cli/command-error.js';
import { descriptorBlocks } from '../report/blocks/descriptors.js';
import { wholeNumber } from '../cli/whole-number.js';
import { deliverReport } from '../report/deliver-report.js';
import { readCandidate } from '../processes/candidate.js';
import { openDescriptors } from '../processes/open-descriptors.js';
import { processId } from '../processes/process-id.js';

interface Options {
  json?: true;
  top?: number;
}

const GROUPS_SHOWN = 20;

export function descriptorsCommand(): Command {
  return new Command('descriptors')
    .description('show what a process has open, by kind and peer: reads /proc, sends the process nothing')
    .argument('<pid>', 'the process ID', processId)
    .option('--json', 'print one JSON document')
    .option('--top <n>', 'how many groups to show', wholeNumber)
    .action(runDescriptors);
}

async function runDescriptors(pid: number, options: Options): Promise<void> {
  await readCandidate(pid);
  const open = await openDescriptors(pid).catch((error: unknown) => {
    throw unreadable(pid, error as NodeJS.ErrnoException);
  });
  const { top } = options;
  await deliverReport(options, {
    data: () => ({ pid, ...open, groups: open.groups.slice(0, top) }),
    blocks: () => descriptorBlocks(pid, open, top ?? GROUPS_SHOWN),
  });
}

function unreadable(pid: number, error: NodeJS.ErrnoException): Error {
  const { code = '' } = error;
  if (code === 'ENOENT' || code === 'ESRCH')
    return new CommandError('targetGone', `process ${pid} has ended`);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new CommandError(
    'refused',
    `the descriptors of process ${pid} may not be read (${code}): run this as its user or with sudo; nothing was sent to it`,
  );
}
