/**
 * Measures how fast a snapshot is read, and in how much memory, compared with DevTools and other readers on
 * the same files, each in a separate process. Checks the goals, and writes the README's table.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { execFile } from 'node:child_process';
import colors from 'picocolors';
import { snapshotFile } from './files.js';
import { checkGoals } from './goals.js';
import { install } from './installs.js';
import { analyzeMarkdown, type Judged } from './markdown.js';
import { measure } from './measurement.js';
import { count, duration, size } from '../figures.js';
import { interruption } from '../interruption.js';
import { sideBySide, type Row } from '../tables.js';

const MARKDOWN = fileURLToPath(new URL('../../../artifacts/bench-analyze.md', import.meta.url));
const DEFAULT_SIZES = '20,150,717';
const HUGE = 2500;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sizes: { type: 'string', default: DEFAULT_SIZES }, huge: { type: 'boolean', default: false } },
  });
  const sizes = [...parseSizes(values.sizes), ...(values.huge ? [HUGE] : [])];
  const node = await install();
  const measurements: Judged[] = [];
  for (const sizeMb of sizes) {
    const measurement = await measure(node, await snapshotFile(node, sizeMb));
    const judged = { ...measurement, goals: checkGoals(measurement) };
    measurements.push(judged);
    show(judged);
  }
  await mkdir(dirname(MARKDOWN), { recursive: true });
  await writeFile(MARKDOWN, analyzeMarkdown(measurements, await machine(node)));
  console.log(`The table for the README: ${MARKDOWN}`);
  if (measurements.some(({ goals }) => goals.some(({ met }) => !met))) process.exitCode = 1;
}

/** @throws {Error} when `text` is not a list of sizes in MB. */
function parseSizes(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.every((mb) => mb >= 10 && mb <= HUGE)) return sizes;
  throw new Error(
    `--sizes ${text}: expected sizes of snapshots from 10 to ${HUGE} MB with commas between, as in 20,150`,
  );
}

function show({ file, results, goals }: Judged): void {
  const ours = results.get('Afterimage');
  const besideOurs = (value: number, of: 'wallMs' | 'peakBytes'): string =>
    ours === undefined || 'failure' in ours ? '–' : `${(value / ours[of]).toFixed(1)} ×`;
  console.log(`${size(file.bytes)}: ${count(file.nodes)} nodes, ${count(file.edges)} edges`);
  console.log(
    sideBySide(
      ['', 'time', 'CPU', 'memory', 'time to ours', 'memory to ours'],
      [...results].map(([name, result]): Row =>
        'failure' in result
          ? [name, 'fails', '', '', '', '']
          : [
              name,
              duration(result.wallMs),
              duration(result.cpuMs),
              size(result.peakBytes),
              besideOurs(result.wallMs, 'wallMs'),
              besideOurs(result.peakBytes, 'peakBytes'),
            ],
      ),
      LABEL_WIDTH,
    ),
  );
  for (const [name, result] of results) if ('failure' in result) console.log(`${name}: ${result.failure}`);
  for (const { text, met } of goals) {
    console.log(`${met ? colors.green('pass') : colors.red('FAIL')}  ${text}`);
  }
  console.log();
}

/** Leaves room for five columns of figures. */
const LABEL_WIDTH = 22;

async function machine(node: string): Promise<string> {
  const [{ model } = { model: 'unknown processor' }] = cpus();
  const { stdout } = await promisify(execFile)(node, [
    '-p',
    '`${process.version} (V8 ${process.versions.v8})`',
  ]);
  return `${cpus().length} × ${model.trim()}, ${size(totalmem())}, Node ${stdout.trim()}`;
}

try {
  await main();
} catch (error) {
  const { message } = interruption.signal.aborted ? (interruption.signal.reason as Error) : (error as Error);
  console.error(`bench:analyze: ${message}`);
  process.exitCode = 1;
}
