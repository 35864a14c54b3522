/** `afterimage ps`: which Node.js processes there are, and whether they can be captured. */
import { Command } from 'commander';
import { processesBlocks } from '../report/blocks/processes.js';
import { deliverReport } from '../report/deliver-report.js';
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

async function runPs(options: Options): Promise<void> {
  const processes = await listProcesses();
  await deliverReport(options, {
    data: () => ({ processes }),
    blocks: ({ width }) => processesBlocks(processes, width),
  });
}
