/** `afterimage descriptors`: shows what a running process has open, by kind, without touching it. */
import { Command } from 'commander';
import { CommandError } from '../cli/command-error.js';
import { descriptorBlocks } from '../report/blocks/descriptors.js';
import { wholeNumber } from '../cli/whole-number.js';
import { deliverReport } from '../report/deliver-report.js';
import { addFormatOptions, type FormatOptions } from '../report/format-options.js';
import { checkReportOptions } from '../report/report-options.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { readCandidate } from '../processes/candidate.js';
import { openDescriptors } from '../processes/open-descriptors.js';
import { processId } from '../processes/process-id.js';

interface Options extends FormatOptions {
  top?: number;
}

const GROUPS_SHOWN = 20;

export function descriptorsCommand(): Command {
  const command = new Command('descriptors')
    .description('show what a process has open, by kind and peer: reads /proc, sends the process nothing')
    .argument('<pid>', 'the process ID', processId)
    .option('--top <n>', 'how many groups to show', wholeNumber);
  return addVerbHelp(addFormatOptions(command), {
    examples: ['descriptors 4711', 'descriptors 4711 --top 50'],
    exits: ['refused', 'targetGone'],
    document: 'docs/json.md',
  }).action(runDescriptors);
}

async function runDescriptors(pid: number, options: Options): Promise<void> {
  await checkReportOptions(options);
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
    `the descriptors of process ${pid} cannot be read (${code}): run this as its user or with sudo; nothing was sent to it`,
  );
}
