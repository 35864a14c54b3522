/** The `afterimage` command: parses the command line, runs a verb, and determines the exit code. */
import { keepOutOfCoreDumps } from '@afterimage/host/core-dumps';
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { CommandError, exitCodes, OutputClosedError } from './cli/command-error.js';
import { InterruptedError } from './cli/interruption.js';
import { systemFailure } from './cli/system-failure.js';
import { exitCodesText } from './cli/verb-help.js';
import { verbs } from './commands/verbs.js';

const AFTER_HELP = `
${exitCodesText()}

Run afterimage VERB --help for the options and examples of a verb.
Document: docs/command.md`;

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

keepOutOfCoreDumps();

// A closed pipe must not cause a stack trace; code that writes there notices it by other means.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

/**
 * Runs the command.
 * @param verb the default if the command line has none
 */
export async function main(argv: string[], verb?: string): Promise<never> {
  const code = await run(argv, verb);
  // Explicitly, because unused standard input may keep the process alive.
  process.exit(code);
}

async function run(argv: string[], verb: string | undefined): Promise<number> {
  const given = argv.filter((word) => word !== '--debug');
  const isDebug = given.length < argv.length || process.env.AFTERIMAGE_DEBUG === '1';
  const words = verb === undefined ? given : withVerb(given, verb);
  const program = new Command('afterimage')
    .description('See what a running Node.js process is holding on to, without stopping it.')
    .version(version)
    .option('--debug', 'with any verb: print the stack of an error, as AFTERIMAGE_DEBUG=1 does')
    .addHelpText('after', AFTER_HELP)
    .helpCommand(false);
  const named = Object.hasOwn(verbs, words[2] ?? '') ? [verbs[words[2]]] : Object.values(verbs);
  for (const load of named) program.addCommand(await load());
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError(false)
      .configureOutput({ outputError: () => undefined });
  }
  try {
    if (given.length <= 2) {
      process.stderr.write(`${program.helpInformation()}${AFTER_HELP}\n`);
      return exitCodes.usage;
    }
    await program.parseAsync(words);
    return exitCodes.done;
  } catch (error) {
    const code = report(error, Object.hasOwn(verbs, words[2] ?? '') ? `${words[2]} ` : '');
    if (isDebug && code !== exitCodes.done) console.error(inspect(error));
    return code;
  }
}

function withVerb([node, script, ...words]: string[], verb: string): string[] {
  const isNamed = [...Object.keys(verbs), '-h', '--help', '-V', '--version'].includes(words[0]);
  return [node, script, ...(isNamed ? [] : [verb]), ...words];
}

/**
 * Prints one line about what went wrong; returns the exit code.
 * @param verb with a space after it; empty if there was none
 */
function report(error: unknown, verb: string): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done; // --help, --version
    say(`${error.message.replace(/^error: /, '').replace(/\.$/, '')}; see afterimage ${verb}--help`);
    return exitCodes.usage;
  }
  if (error instanceof OutputClosedError) return exitCodes.failed;
  if (error instanceof InterruptedError) {
    say(error.message);
    process.kill(process.pid, error.signal); // the shell should see which signal ended this process
    return exitCodes.failed;
  }
  if (error instanceof CommandError) {
    say(error.failure === 'usage' ? `${error.message}; see afterimage ${verb}--help` : error.message);
    return exitCodes[error.failure];
  }
  const failed = systemFailure(error);
  if (failed !== null) {
    say(failed.message);
    return exitCodes.failed;
  }
  const message = error instanceof Error ? error.message : String(error);
  say(`unexpected: ${message}; --debug prints the stack`);
  return exitCodes.failed;
}

function say(message: string): void {
  console.error(`afterimage: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
}
