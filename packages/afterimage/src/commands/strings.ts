/** `afterimage strings`: lists duplicate strings, the most wasteful first. */
import { Command } from 'commander';
import { addVerbHelp } from '../cli/verb-help.js';
import { addAnswerOptions, answer, snapshotArgument, type AnswerOptions } from '../jobs/answers.js';

export function stringsCommand(): Command {
  const command = new Command('strings')
    .description('list duplicate strings, the most wasteful first')
    .addArgument(snapshotArgument());
  return addVerbHelp(addAnswerOptions(command, 'how many strings to show'), {
    examples: ['strings app.heapsnapshot', 'strings app.heapsnapshot --format json'],
    exits: ['refused'],
    document: 'docs/json.md',
  }).action((file: string, options: AnswerOptions) => answer(file, { strings: true }, options));
}
