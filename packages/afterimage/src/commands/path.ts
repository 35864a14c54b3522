/** `afterimage path`: print the retaining path of one node: from a root to it. */
import { Command } from 'commander';
import { addVerbHelp } from '../cli/verb-help.js';
import { addAnswerOptions, answer, nodeId, snapshotArgument, type AnswerOptions } from '../jobs/answers.js';

export function pathCommand(): Command {
  const command = new Command('path')
    .description('print the retaining path of one node: from a root to it')
    .addArgument(snapshotArgument())
    .argument('<id>', 'the ID of the node, as reports show it: 1234 or @1234', nodeId);
  return addVerbHelp(addAnswerOptions(command), {
    examples: ['path app.heapsnapshot @1234', 'path app.heapsnapshot 1234 --format json'],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action((file: string, path: number, options: AnswerOptions) => answer(file, { path }, options));
}
