/**
 * The incident, live: a leaky server at its memory limit, captured twice without a pause; the same server with
 * the signal handler people write by hand, to compare; and the answer: what grew between the captures.
 */
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { answer } from './answer.js';
import { pass, timeLeftMs } from './clock.js';
import { comparison } from './comparison.js';
import { startDemoServer, type Run } from './server.js';
import { developImage } from '../capture/develop-image.js';
import { duration, size } from '../figures.js';
import { interruption } from '../interruption.js';

const WATCH_ROWS = 3;
const WATCH_EVERY_MS = 3_000;
/** Time between the captures, so that growth is visible among what comes and goes. */
const GROWTH_MS = 20_000;
const CAPTURE_MS = 60_000;
const ANSWER_MS = 12_000;
const DEVELOP_MS = 120_000;

const BEFORE = 'before.heapsnapshot';
const AFTER = 'after.heapsnapshot';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'keep-limit': { type: 'boolean', default: false } } });
  const directory = await mkdtemp(join(tmpdir(), 'afterimage-demo-'));
  try {
    const [image, inline] = await bothWays(directory, values['keep-limit']);
    console.log(`\n${comparison(image, inline)}`);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  try {
    heading('4. What grew between the two captures');
    await answer(directory, BEFORE, AFTER);
  } finally {
    await howToOpen(directory);
  }
}

async function bothWays(directory: string, keepLimit: boolean): Promise<[image: Run, inline: Run]> {
  heading('1. The leaky server, under the agent');
  const image = await captureTwice(directory);
  heading('3. The same server again, with process.on(SIGUSR2) and v8.writeHeapSnapshot');
  return [image, await dumpByHand(join(directory, 'inline.heapsnapshot'), keepLimit)];
}

/** Resolves to the first, which is measured: nothing else is going on then. */
async function captureTwice(directory: string): Promise<Run> {
  const server = await startDemoServer('image', join(directory, 'leaky-server.heapsnapshot'));
  let first: Run;
  let second: Run;
  try {
    await server.watch(WATCH_ROWS, WATCH_EVERY_MS);
    first = await server.capture(CAPTURE_MS);
    const capturedAt = performance.now();
    heading('2. The image is developed apart from the server, which goes on; then a second one');
    await finish(first, join(directory, BEFORE));
    await pass(GROWTH_MS - (performance.now() - capturedAt));
    second = await server.capture(CAPTURE_MS);
  } finally {
    await server.close();
  }
  await finish(second, join(directory, AFTER));
  return first;
}

async function dumpByHand(path: string, keepLimit: boolean): Promise<Run> {
  const server = await startDemoServer('inline', path);
  try {
    await pass(WATCH_EVERY_MS);
    if (!keepLimit && server.liftLimit()) {
      console.log(
        'Its limit is lifted for the dump, so that the whole cost can be seen (--keep-limit: it is not).',
      );
    }
    return await server.capture(timeLeftMs(ANSWER_MS));
  } finally {
    await server.close();
    await rm(path, { force: true });
  }
}

/** Makes `path` of what was captured: developed here, outside the server's limit, where the agent kept the image. */
async function finish({ cost: { line, outcome } }: Run, path: string): Promise<void> {
  if (outcome !== 'written') throw new Error('there is no capture to go on with');
  const captured = String(line?.['path']);
  if (line?.['kind'] !== 'image') return rename(captured, path);
  console.log(colors.bold(`$ afterimage develop ${captured} -o ${path}`));
  const giveUp = AbortSignal.any([interruption.signal, AbortSignal.timeout(DEVELOP_MS)]);
  const { ms, snapshotBytes, peakBytes, storedBytes } = await developImage(captured, path, giveUp);
  console.log(
    `${size(storedBytes)} of image became ${size(snapshotBytes)} of snapshot in ${duration(ms)}, ` +
      `with ${size(peakBytes)} of memory, none of it the server’s`,
  );
  await rm(captured);
}

async function howToOpen(directory: string): Promise<void> {
  const files = (await readdir(directory)).sort().join(' and ');
  console.log(`\nThe snapshots: ${files} in ${colors.bold(directory)} (to remove when you have done)`);
  console.log('Open one in Chrome: DevTools → Memory → Load profile, and choose the file.');
}

function heading(text: string): void {
  console.log(`\n${colors.cyan(colors.bold(text))}`);
}

try {
  await main();
} catch (error) {
  const { message } = interruption.signal.aborted ? (interruption.signal.reason as Error) : (error as Error);
  console.error(colors.red(`demo: ${message}`));
  process.exitCode = 1;
}
