/** The `afterimage` command: reads the command line, runs a verb, and turns its end into an exit code. */
import { keepOutOfCoreDumps } from '@afterimage/agent/core-dumps';
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { CommandError, exitCodes, OutputClosedError } from './command-error.js';
import { analyzeCommand } from './commands/analyze.js';
import { captureCommand } from './commands/capture.js';
import { developCommand } from './commands/develop.js';
import { diffCommand } from './commands/diff.js';
import { heapCommand } from './commands/heap.js';
import { psCommand } from './commands/ps.js';
import { redactCommand } from './commands/redact.js';
import { verifyCommand } from './commands/verify.js';
import { InterruptedError } from './interruption.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

keepOutOfCoreDumps();

// A reader that has enough is no reason for a stack trace; whoever writes there learns of it by other means.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

/** @param verb what is to be done where the command line names no verb */
export async function main(argv: string[], verb?: string): Promise<never> {
  const code = await run(argv, verb);
  // Not by itself: standard input may go on and on, wanted by nobody.
  process.exit(code);
}

async function run(argv: string[], verb: string | undefined): Promise<number> {
  const program = new Command('afterimage')
    .description('See what a running Node.js process is holding on to, without stopping it.')
    .version(version)
    .helpCommand(false)
    .addCommand(psCommand())
    .addCommand(heapCommand())
    .addCommand(captureCommand())
    .addCommand(developCommand())
    .addCommand(analyzeCommand())
    .addCommand(diffCommand())
    .addCommand(redactCommand())
    .addCommand(verifyCommand());
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError(false)
      .configureOutput({ outputError: () => undefined });
  }
  try {
    if (argv.length <= 2)
      throw new CommandError('usage', 'say what to do; afterimage --help lists the verbs');
    await program.parseAsync(verb === undefined ? argv : withVerb(argv, verb, program));
    return exitCodes.done;
  } catch (error) {
    return report(error);
  }
}

function withVerb([node, script, ...words]: string[], verb: string, program: Command): string[] {
  const verbs = program.commands.map((command) => command.name());
  const isNamed = [...verbs, '-h', '--help', '-V', '--version'].includes(words[0]);
  return [node, script, ...(isNamed ? [] : [verb]), ...words];
}

/** Says on one line what went wrong; returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done; // --help, --version
    say(`${error.message.replace(/^error: /, '').replace(/\.$/, '')}; see afterimage --help`);
    return exitCodes.usage;
  }
  if (error instanceof OutputClosedError) return exitCodes.failed;
  if (error instanceof InterruptedError) {
    say(error.message);
    process.kill(process.pid, error.signal); // the shell is to see what ended us
    return exitCodes.failed;
  }
  if (error instanceof CommandError) {
    say(error.message);
    return exitCodes[error.failure];
  }
  say(`unexpected: ${error instanceof Error ? error.message : String(error)}`);
  return exitCodes.failed;
}

function say(message: string): void {
  console.error(`afterimage: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
}
