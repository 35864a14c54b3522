/**
 * `afterimage memory`: shows what the resident memory of a running process consists of, without touching it.
 */
import { Command } from 'commander';
import { memoryBlocks } from '../report/blocks/memory.js';
import { memoryLedger } from '../memory/ledger.js';
import { deliverReport } from '../report/deliver-report.js';
import { addFormatOptions, type FormatOptions } from '../report/format-options.js';
import { checkReportOptions } from '../report/report-options.js';
import { addVerbHelp } from '../cli/verb-help.js';
import { processId } from '../processes/process-id.js';

export function memoryCommand(): Command {
  const command = new Command('memory')
    .description("show what a process's resident memory is made of: reads /proc, sends the process nothing")
    .argument('<pid>', 'the process ID', processId);
  return addVerbHelp(addFormatOptions(command), {
    examples: ['memory 4711', 'memory 4711 --format json'],
    exits: ['refused', 'targetGone'],
    document: 'docs/json.md',
  }).action(runMemory);
}

async function runMemory(pid: number, options: FormatOptions): Promise<void> {
  await checkReportOptions(options);
  const ledger = await memoryLedger(pid);
  await deliverReport(options, { data: () => ledger, blocks: () => memoryBlocks(ledger) });
}
