/** `afterimage instances`: list the instances of one class, the largest first. */
import { Command } from 'commander';
import { addVerbHelp } from '../cli/verb-help.js';
import { addAnswerOptions, answer, snapshotArgument, type AnswerOptions } from '../jobs/answers.js';

export function instancesCommand(): Command {
  const command = new Command('instances')
    .description('list the instances of one class, the largest first')
    .addArgument(snapshotArgument())
    .argument('<class>', 'the name of the class, as reports show it');
  return addVerbHelp(addAnswerOptions(command, 'how many instances to show'), {
    examples: ['instances app.heapsnapshot Session', "instances app.heapsnapshot '{id, name}' --top 50"],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action((file: string, name: string, options: AnswerOptions) => answer(file, { class: name }, options));
}
