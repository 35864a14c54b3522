/**
 * Whether the answer is right: each program of the gallery is run and captured, and then `diff` is asked, and memlab,
 * who leaks. Checks the goals.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { size } from '../figures.js';
import { interruption } from '../interruption.js';
import { ask } from './answers.js';
import { install, perform, programs, readCapture, type Program } from './gallery.js';
import { goals, memlabScore, type Exhibit } from './goals.js';
import { leaksMarkdown } from './markdown.js';
import { cells, COLUMNS, complaints } from './rows.js';
import { sideBySide } from '../tables.js';

const MARKDOWN = fileURLToPath(new URL('../../../artifacts/bench-leaks.md', import.meta.url));
const AT_ONCE = 2;
const NAME_WIDTH = 20;
const LABEL_WIDTH = 20;
const MEMLAB_NOTE =
  'memlab matches objects by their ids, which do not match between captures by image; it is shown what it is given.';

interface Options {
  /** Where the snapshots are or go. */
  directory: string;
  /** They are there already. */
  reuse: boolean;
  keep: boolean;
  memlab: boolean;
  redacted: boolean;
  /** Programs that run side by side. */
  atOnce: number;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      node: { type: 'string' },
      keep: { type: 'boolean', default: false },
      snapshots: { type: 'string' },
      'no-memlab': { type: 'boolean', default: false },
      'no-redacted': { type: 'boolean', default: false },
      'at-once': { type: 'string' },
    },
  });
  const chosen = programs(positionals, parseNode(values.node));
  const reuse = values.snapshots !== undefined;
  const memlab = !values['no-memlab'];
  const redacted = !values['no-redacted'];
  if (!reuse || memlab) install({ nodes: !reuse });
  const directory = reuse
    ? resolve(values.snapshots ?? '')
    : await mkdtemp(join(tmpdir(), 'afterimage-gallery-'));
  try {
    const atOnce = parseAtOnce(values['at-once']);
    const options = { directory, reuse, keep: values.keep, memlab, redacted, atOnce };
    const exhibits = await exhibitAll(chosen, options);
    await report(exhibits);
  } finally {
    if (values.keep) console.log(`The snapshots: ${directory}`);
    else if (!reuse) await rm(directory, { recursive: true, force: true });
  }
}

/** @throws {Error} when `text` is not a version that the programs can run on */
function parseNode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (['20', '22', '24', '26'].includes(text)) return Number(text);
  throw new Error(`--node=${text}: expected 20, 22, 24 or 26`);
}

/** @throws {Error} when `text` is not a positive number */
function parseAtOnce(text: string | undefined): number {
  if (text === undefined) return AT_ONCE;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--at-once=${text}: expected a number of programs, 1 or more`);
}

/** In their order, however soon each is done. */
async function exhibitAll(chosen: Program[], options: Options): Promise<Exhibit[]> {
  const exhibits: Exhibit[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < chosen.length; index = next++) {
      const program = chosen[index];
      if (program === undefined) return;
      interruption.signal.throwIfAborted();
      const exhibit = await exhibitOne(program, options);
      exhibits[index] = exhibit;
      console.error(
        `${program.name.padEnd(NAME_WIDTH)} ${cells(exhibit).join('  ')}  ${exhibit.failure ?? ''}`,
      );
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
  return exhibits;
}

async function exhibitOne(program: Program, options: Options): Promise<Exhibit> {
  const directory = join(options.directory, program.name);
  try {
    if (!options.reuse) await perform(program, directory);
    const capture = await readCapture(directory);
    return { program, expected: capture.expected, answers: await ask(capture, options) };
  } catch (error) {
    return { program, failure: (error as Error).message };
  } finally {
    if (!options.reuse && !options.keep) await rm(directory, { recursive: true, force: true });
  }
}

async function report(exhibits: Exhibit[]): Promise<void> {
  interruption.signal.throwIfAborted();
  const colored = (cell: string): string => {
    if (['yes', 'clear', 'same'].includes(cell)) return colors.green(cell);
    return ['no', 'fail', 'LEAK?', 'differs'].includes(cell) ? colors.red(cell) : cell;
  };
  const rows = exhibits.map((exhibit): [string, ...string[]] => [
    `${exhibit.program.name}\n ${colors.dim(exhibit.expected?.kind ?? 'no snapshots')}`,
    ...cells(exhibit).map(colored),
  ]);
  console.log(sideBySide(['program', ...COLUMNS], rows, LABEL_WIDTH));
  console.log(
    'first, in 3, share: of three snapshots; of 2: first suspect, from two; redacted: the same; memlab: its traces\n',
  );
  for (const exhibit of exhibits) {
    const said = complaints(exhibit);
    if (said.length > 0) console.log(`${colors.bold(exhibit.program.name)}\n  ${said.join('\n  ')}\n`);
  }
  const reached = goals(exhibits);
  for (const { text, met } of reached)
    console.log(`${met ? colors.green('pass') : colors.red('FAIL')}  ${text}`);
  const score = memlabScore(exhibits);
  const notes = score === undefined ? [] : [`${score}. ${MEMLAB_NOTE}`];
  for (const note of notes) console.log(note);
  await mkdir(dirname(MARKDOWN), { recursive: true });
  await writeFile(MARKDOWN, leaksMarkdown(exhibits, reached, notes, machine()));
  console.log(`The table: ${MARKDOWN}`);
  if (reached.some(({ met }) => !met)) process.exitCode = 1;
}

function machine(): string {
  const [{ model } = { model: 'unknown processor' }] = cpus();
  return `${cpus().length} × ${model.trim()}, ${size(totalmem())}, Node ${process.version}`;
}

try {
  await main();
} catch (error) {
  const { message } = interruption.signal.aborted ? (interruption.signal.reason as Error) : (error as Error);
  console.error(`bench:leaks: ${message}`);
  process.exitCode = 1;
}
