/** `afterimage ps`: which Node.js processes there are, and whether they can be captured. */
import { Command } from 'commander';
import { processesBlocks } from '../report/blocks/processes.js';
import { deliver, terminalLook } from '../report/report-options.js';
import { reportAsJson } from '../report/looks/json.js';
import { reportToTerminal } from '../report/looks/terminal.js';
import { listProcesses } from '../processes/listed-processes.js';

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
