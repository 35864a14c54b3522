/** The answer: what `afterimage diff` says of the two snapshots, and whether that is the server's leak. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import colors from 'picocolors';
import { interruption } from '../interruption.js';

const COMMAND = fileURLToPath(new URL('../../../packages/afterimage/bin/afterimage.js', import.meta.url));
/** Where the leaky server leaks. */
const CULPRIT = 'examples/leaky-server/dist/mailer.js';
const DIFF_MS = 120_000;
const SHOWN = '3';

/** What is used here of the JSON that docs/json.md describes. */
interface Comparison {
  suspects: { pathText: string; locations: { script: string; line: number }[] }[];
}

/**
 * Runs `afterimage diff` on two files in `directory`, whose report goes to the terminal.
 * @throws {Error} when the first suspect does not name the culprit's file and line
 */
export async function answer(directory: string, before: string, after: string): Promise<void> {
  const args = ['diff', before, after, '--top', SHOWN];
  console.log(colors.bold(`$ afterimage ${args.join(' ')}`));
  // The same question twice at a time: for people, and as JSON for the check.
  const [, json] = await Promise.all([
    afterimage(args, directory, 'inherit'),
    afterimage([...args, '--json'], directory, 'pipe'),
  ]);
  const [first] = (JSON.parse(json) as Comparison).suspects;
  const place = first?.locations.find(({ script, line }) => script.endsWith(CULPRIT) && line > 0);
  if (!place) {
    throw new Error(
      `the first suspect should be in ${CULPRIT}, but it is ${first ? first.pathText : 'not there: diff found none'}`,
    );
  }
  console.log(colors.green(`\nThe first suspect is the culprit: ${CULPRIT}:${place.line}`));
  console.log(
    'The mailer follows each message until it is delivered or has failed. A message that is handed on to\n' +
      'another mail server is neither, ever (examples/leaky-server/src/mailer.ts, #onReceipt).',
  );
}

/** Resolves to what it printed, where that is piped. */
async function afterimage(args: string[], cwd: string, stdout: 'inherit' | 'pipe'): Promise<string> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    stdio: ['ignore', stdout, stdout === 'pipe' ? 'ignore' : 'inherit'],
    signal: AbortSignal.any([interruption.signal, AbortSignal.timeout(DIFF_MS)]),
  });
  const [output, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`afterimage diff ended with ${String(code)}`);
  return output;
}
