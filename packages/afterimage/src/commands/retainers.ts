/** `afterimage retainers`: show what refers to one node, three levels up. */
import { Command } from 'commander';
import { addVerbHelp } from '../cli/verb-help.js';
import { addAnswerOptions, answer, nodeId, snapshotArgument, type AnswerOptions } from '../jobs/answers.js';

export function retainersCommand(): Command {
  const command = new Command('retainers')
    .description('show what refers to one node, three levels up')
    .addArgument(snapshotArgument())
    .argument('<id>', 'the ID of the node, as reports show it: 1234 or @1234', nodeId);
  return addVerbHelp(addAnswerOptions(command, 'how many references to show at each level'), {
    examples: ['retainers app.heapsnapshot @1234', 'retainers app.heapsnapshot 1234 --top 50'],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action((file: string, retainers: number, options: AnswerOptions) =>
    answer(file, { retainers }, options),
  );
}
