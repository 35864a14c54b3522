/**
 * Measures what a capture costs the target, by heap size: image capture and v8.writeHeapSnapshot under the
 * same load, each in its own cgroup. Checks the goals, and writes the README's table.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { checkGoals } from './goals.js';
import { captureMarkdown, type Comparison } from './markdown.js';
import { measure, type Measurement } from './measurement.js';
import { count, duration, size } from '../figures.js';
import { interruption } from '../interruption.js';
import { sideBySide, type Row } from '../tables.js';

const MARKDOWN = fileURLToPath(new URL('../../../artifacts/bench-capture.md', import.meta.url));
const DEFAULT_SIZES = '50,200,1000';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sizes: { type: 'string', default: DEFAULT_SIZES }, json: { type: 'boolean', default: false } },
  });
  const comparisons: Comparison[] = [];
  for (const sizeMb of parseSizes(values.sizes)) {
    const whole = await measure('whole', sizeMb);
    const image = await measure('image', sizeMb);
    const inline = await measure('inline', sizeMb);
    const comparison = { sizeMb, image, whole, inline, goals: checkGoals(sizeMb, image, inline, whole) };
    comparisons.push(comparison);
    if (!values.json) show(comparison);
  }
  await mkdir(dirname(MARKDOWN), { recursive: true });
  await writeFile(MARKDOWN, captureMarkdown(comparisons, machine()));
  if (values.json)
    console.log(JSON.stringify({ date: new Date().toISOString(), machine: machine(), comparisons }));
  else console.log(`The table for the README: ${MARKDOWN}`);
  if (comparisons.some(({ goals }) => goals.some(({ met }) => !met))) process.exitCode = 1;
}

/** @throws {Error} when `text` is not a list of sizes in MB. */
function parseSizes(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.every((mb) => mb >= 10 && mb <= 3_500)) return sizes;
  throw new Error(
    `--sizes ${text}: expected heap sizes from 10 to 3500 MB with commas between, as in 50,200`,
  );
}

function show({ sizeMb, image, whole, inline, goals }: Comparison): void {
  const all = [image, whole, inline];
  const row = (label: string, cell: (measurement: Measurement) => string): Row => [label, ...all.map(cell)];
  const { development } = image;
  console.log(
    sideBySide(
      [`heap of ${sizeMb} MB`, 'image', 'whole image', 'inline'],
      [
        row('outcome', ({ outcome }) => outcome),
        row('longest pause', ({ longestPauseMs }) => duration(longestPauseMs)),
        row('  before the capture', ({ ownPauseMs }) => duration(ownPauseMs)),
        row('time in the target', ({ timeInTargetMs }) => duration(timeInTargetMs)),
        row('extra memory', ({ extra }) => size(extra.workingSet)),
        row('  of it anonymous', ({ extra }) => size(extra.anonymous)),
        row('CPU, serving included', ({ cpuSeconds }) =>
          cpuSeconds === undefined ? '–' : duration(cpuSeconds * 1000),
        ),
        row('requests served', ({ load }) => count(load.served)),
        row('requests failed', ({ load }) => count(load.failed)),
        row('readiness probes failed', ({ probes }) => `${probes.failures} of ${probes.probes}`),
        row('image, not compressed', ({ imageBytes }) => (imageBytes === undefined ? '–' : size(imageBytes))),
        row('file', ({ fileBytes }) => (fileBytes === undefined ? '–' : size(fileBytes))),
        ['developing, elsewhere: time', development ? duration(development.ms) : '–', '', ''],
        ['  memory', development ? size(development.peakBytes) : '–', '', ''],
        ['  snapshot', development ? size(development.snapshotBytes) : '–', '', ''],
      ],
    ),
  );
  for (const { text, met } of goals) {
    console.log(`${met ? colors.green('pass') : colors.red('FAIL')}  ${text}`);
  }
  console.log();
}

function machine(): string {
  const [{ model } = { model: 'unknown processor' }] = cpus();
  return `${cpus().length} × ${model.trim()}, ${size(totalmem())}, Node ${process.version} (V8 ${process.versions.v8})`;
}

try {
  await main();
} catch (error) {
  const { message } = interruption.signal.aborted ? (interruption.signal.reason as Error) : (error as Error);
  console.error(`bench:capture: ${message}`);
  process.exitCode = 1;
}
