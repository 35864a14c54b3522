/** `afterimage descriptors`: what a running process has open, by kind, without touching it. */
import { Command } from 'commander';
import { CommandError } from '../command-error.js';
import { descriptorBlocks } from '../contents/descriptors.js';
import { deliver, terminalLook, wholeNumber } from '../report-options.js';
import { reportAsJson } from '../reporters/json.js';
import { reportToTerminal } from '../reporters/terminal.js';
import { readCandidate } from '../target/candidate.js';
import { openDescriptors } from '../target/open-descriptors.js';
import { processId } from '../target/process-id.js';

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
