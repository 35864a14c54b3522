/** `afterimage descriptors`: what a running process has open, by kind, without touching it. */
import { Command } from 'commander';
import { CommandError } from '../cli/command-error.js';
import { descriptorBlocks } from '../report/blocks/descriptors.js';
import { wholeNumber } from '../cli/whole-number.js';
import { deliver, terminalLook } from '../report/report-options.js';
import { reportAsJson } from '../report/looks/json.js';
import { reportToTerminal } from '../report/looks/terminal.js';
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

async function runDescriptors(pid: number, { json, top }: Options): Promise<void> {
  await readCandidate(pid);
  const open = await openDescriptors(pid).catch((error: unknown) => {
    throw unreadable(pid, error as NodeJS.ErrnoException);
  });
  await deliver({}, (output) => {
    if (json) reportAsJson({ pid, ...open, groups: open.groups.slice(0, top) }, output);
    else reportToTerminal(descriptorBlocks(pid, open, top ?? GROUPS_SHOWN), terminalLook({}), output);
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
