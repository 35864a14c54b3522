/** `afterimage completion`: prints a script with which a shell completes verbs and options. */
import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../cli/completion.js';
import { addVerbHelp } from '../cli/verb-help.js';

/** @param verbs every verb of the command, including this one */
export function completionCommand(verbs: () => Promise<readonly Command[]>): Command {
  const command = new Command('completion')
    .description('print a script that completes verbs, options and file names in bash, zsh or fish')
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(SHELLS));
  return addVerbHelp(command, {
    examples: [
      'completion bash > ~/.local/share/bash-completion/completions/afterimage',
      'completion zsh > ~/.zfunc/_afterimage',
      'completion fish > ~/.config/fish/completions/afterimage.fish',
    ],
    document: 'docs/command.md',
  }).action(async (shell: Shell) => {
    process.stdout.write(completionScript(shell, await verbs()));
  });
}
