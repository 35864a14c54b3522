/** `afterimage memory`: what the resident memory of a running process is made of, without touching it. */
import { Command } from 'commander';
import { memoryBlocks } from '../report/blocks/memory.js';
import { memoryLedger } from '../memory/ledger.js';
import { deliverReport } from '../report/deliver-report.js';
import { processId } from '../processes/process-id.js';

interface Options {
  json?: true;
}

export function memoryCommand(): Command {
  return new Command('memory')
    .description("show what a process's resident memory is made of: reads /proc, sends the process nothing")
    .argument('<pid>', 'the process ID', processId)
    .option('--json', 'print one JSON document')
    .action(runMemory);
}

async function runMemory(pid: number, options: Options): Promise<void> {
  const ledger = await memoryLedger(pid);
  await deliverReport(options, { data: () => ledger, blocks: () => memoryBlocks(ledger) });
}
