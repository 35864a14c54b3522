/** `afterimage ps`: which Node.js processes there are, and whether they can be captured. */
import { Command } from 'commander';
import { processesBlocks } from '../contents/processes.js';
import { deliver, terminalLook } from '../report-options.js';
import { reportAsJson } from '../reporters/json.js';
import { reportToTerminal } from '../reporters/terminal.js';
import { listProcesses } from '../target/listed-processes.js';

interface Options {
  json?: true;
}

export function psCommand(): Command {
  return new Command('ps')
    .description('list the Node.js processes of this machine, and whether they can be captured')
    .option('--json', 'print one JSON document')
    .action(runPs);
}

async function runPs({ json }: Options): Promise<void> {
  const processes = await listProcesses();
  await deliver({}, (output) => {
    if (json) reportAsJson({ processes }, output);
    else {
      const look = terminalLook({});
      reportToTerminal(processesBlocks(processes, look.width), look, output);
    }
  });
}
