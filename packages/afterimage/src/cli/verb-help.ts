/** The end of every verb's help: examples, its exit codes, and the document to read. */
import type { Command } from 'commander';
import { exitCodes, type Failure } from './command-error.js';

export interface VerbHelp {
  /** Command lines without the program's name; each runs as written once its names are real. */
  examples: readonly string[];
  /** Exit codes besides done, failed and usage, which every verb has. */
  exits?: readonly Failure[];
  /** Path of the document in the repository. */
  document: string;
}

const MEANINGS: Record<keyof typeof exitCodes, string> = {
  done: 'done',
  failed: 'failed',
  usage: 'usage error: a wrong or missing argument',
  refused: 'refused: it would not be safe, or would overwrite a file; nothing was done',
  targetGone: 'the process ended during the capture',
  inspectorOpen:
    'an inspector that Afterimage opened is still open, or may be; the message says what closes it',
};

/** Adds the end of the help to `command`, and returns it. */
export function addVerbHelp(command: Command, { examples, exits = [], document }: VerbHelp): Command {
  const text = [
    '\nExamples:',
    ...examples.map((example) => `  afterimage ${example}`),
    '',
    exitCodesText(['done', 'failed', 'usage', ...exits]),
    `\nDocument: ${document}`,
  ];
  return command.addHelpText('after', text.join('\n'));
}

/** Returns a line for each of the exit codes, in order. */
export function exitCodesText(names: readonly string[] = Object.keys(exitCodes)): string {
  const lines = Object.entries(exitCodes).filter(([name]) => names.includes(name));
  return ['Exit codes:', ...lines.map(([name, code]) => `  ${code}  ${MEANINGS[name as Failure]}`)].join(
    '\n',
  );
}
