/** `afterimage memory`: what the resident memory of a running process is made of, without touching it. */
import { Command } from 'commander';
import { memoryBlocks } from '../report/blocks/memory.js';
import { memoryLedger } from '../memory/ledger.js';
import { deliver, terminalLook } from '../report/report-options.js';
import { reportAsJson } from '../report/looks/json.js';
import { reportToTerminal } from '../report/looks/terminal.js';
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

async function runMemory(pid: number, { json }: Options): Promise<void> {
  const ledger = await memoryLedger(pid);
  await deliver({}, (output) => {
    if (json) reportAsJson(ledger, output);
    else reportToTerminal(memoryBlocks(ledger), terminalLook({}), output);
  });
}
