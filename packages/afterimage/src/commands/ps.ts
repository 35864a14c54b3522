/** `afterimage ps`: lists the Node.js processes, and whether they can be captured. */
import { Command } from 'commander';
import { processesBlocks } from '../report/blocks/processes.js';
import { deliverReport } from '../report/deliver-report.js';
import { addFormatOptions, type FormatOptions } from '../report/format-options.js';
import { checkReportOptions } from '../report/report-options.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { listProcesses } from '../processes/listed-processes.js';

export function psCommand(): Command {
  const command = new Command('ps').description(
    'list the Node.js processes of this machine, and whether they can be captured',
  );
  return addVerbHelp(addFormatOptions(command), {
    examples: ['ps', 'ps --format json'],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action(runPs);
}

async function runPs(options: FormatOptions): Promise<void> {
  await checkReportOptions(options);
  const processes = await listProcesses();
  await deliverReport(options, {
    data: () => ({ processes }),
    blocks: ({ width }) => processesBlocks(processes, width),
  });
}
