/**
 * The incident, live: a leaky server at its memory limit, captured without a pause; then a second run of the
 * same server with the signal handler people write by hand, to compare.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import colours from 'picocolors';
import {
  measureCapture,
  observe,
  tryCgroup,
  WAYS,
  type CaptureCost,
  type Observed,
  type Way,
} from './capture-cost.js';
import { developImage } from './develop-image.js';
import { count, duration, size } from './figures.js';
import { interruption } from './interruption.js';
import { liveTable, sideBySide, type Row } from './tables.js';

const SERVER = fileURLToPath(new URL('../../examples/leaky-server/dist/server.js', import.meta.url));
const LIMIT_BYTES = 2 ** 30;
const SNAPSHOT = join(tmpdir(), 'leaky-server.heapsnapshot');

/** Everything ends within two minutes, the build before it included: what takes longer is cut off. */
const DEADLINE_MS = 95_000;
const LEAST_MS = 5_000;
const WARM_UP_MS = 3_000;
const WATCH_ROWS = 4;
const WATCH_EVERY_MS = 5_000;

/** Mostly reading, as shops are; one request in two hundred is an order. */
const LOAD = {
  connections: 20,
  requestsPerSecond: 200,
  requests: Array.from({ length: 200 }, (_, number) => {
    const sku = `A${String((number * 37) % 2_000).padStart(7, '0')}`;
    if (number === 100) {
      const body = JSON.stringify({ customer: 17, items: [{ sku, quantity: 5 }] });
      return { method: 'POST', path: '/orders', body };
    }
    if (number % 2 === 0)
      return { method: 'GET', path: `/quotes/${number + 1}/${sku}?quantity=${number + 1}` };
    return { method: 'GET', path: `/products/${sku}` };
  }),
};

interface Run {
  cost: CaptureCost;
  /** Longest pause before the capture, in ms: what the server does to itself. */
  ownPauseMs: number;
  /** Whether the server had a memory limit of its own. */
  limited: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'keep-limit': { type: 'boolean', default: false } } });
  const scratch = await mkdtemp(join(tmpdir(), 'afterimage-demo-'));
  try {
    const image = await imageRun();
    const snapshot = await finish(image.cost);
    const inline = await inlineRun(join(scratch, 'inline.heapsnapshot'), values['keep-limit']);
    console.log(`\n${comparison(image, inline)}`);
    howToOpen(snapshot, (await stat(snapshot)).size);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function imageRun(): Promise<Run> {
  heading('1. The leaky server, under the agent');
  return run('image', SNAPSHOT, async ({ server, cgroup }) => {
    const table = liveTable('T+', 'RSS', ...(cgroup ? ['cgroup memory'] : []));
    for (let row = 0; row < WATCH_ROWS; row++) {
      if (row > 0) await pass(WATCH_EVERY_MS);
      const memory = cgroup ? [size(cgroup.memory().workingSet)] : [];
      table.row(`${(row * WATCH_EVERY_MS) / 1000} s`, size(server.rssBytes()), ...memory);
    }
    console.log(`\n${colours.bold(`$ kill -USR2 ${server.pid}`)}`);
    return undefined;
  });
}

async function inlineRun(path: string, keepLimit: boolean): Promise<Run> {
  heading('3. The same server again, with process.on(SIGUSR2) and v8.writeHeapSnapshot');
  return run('inline', path, async ({ server, cgroup }) => {
    await pass(WATCH_EVERY_MS);
    if (cgroup && !keepLimit) {
      cgroup.limit(Infinity);
      console.log(
        'Its limit is lifted for the dump, so that the whole cost can be seen (--keep-limit: it is not).',
      );
    }
    console.log(`\n${colours.bold(`$ kill -USR2 ${server.pid}`)}`);
  });
}

async function run(way: Way, path: string, before: (observed: Observed) => Promise<void>): Promise<Run> {
  const { cgroup, reason } = tryCgroup('afterimage-demo', LIMIT_BYTES);
  const env = {
    ALLOW_HEAP_SNAPSHOT: '1',
    AFTERIMAGE_PATH: path,
    // Without a limit the agent would develop beside the server, and nothing tells its memory from the server's.
    AFTERIMAGE_DEVELOP: cgroup ? 'auto' : 'never',
    PORT: '0',
  };
  const observed = await observe({ program: SERVER, preload: [...WAYS[way]], env, cgroup }, LOAD);
  const stopNow = (): void => void observed.server.stop();
  interruption.signal.addEventListener('abort', stopNow);
  try {
    console.log(
      `pid ${observed.server.pid}, ${LOAD.requestsPerSecond} requests a second, ` +
        (cgroup ? `memory limit 1 GiB (${cgroup.directory})` : `no memory limit: ${reason ?? ''}`),
    );
    await pass(WARM_UP_MS);
    await observed.server.longestPauseMs(WARM_UP_MS);
    await before(observed);
    const ownPauseMs = await observed.server.longestPauseMs(WARM_UP_MS);
    const cost = await measureCapture(observed, timeLeftMs());
    interruption.signal.throwIfAborted();
    report(cost);
    return { cost, ownPauseMs, limited: cgroup !== undefined };
  } finally {
    interruption.signal.removeEventListener('abort', stopNow);
    await observed.close();
  }
}

function timeLeftMs(): number {
  return Math.max(LEAST_MS, Math.round(DEADLINE_MS - performance.now()));
}

/** What the server's log said, without the fields that are of no use here. */
function report({ outcome, line, windowMs }: CaptureCost): void {
  if (line) {
    const { name, event, pid, kind, path, bytes, pauseMs, captureMs, totalMs, why } = line;
    console.log(JSON.stringify({ name, event, pid, kind, path, bytes, pauseMs, captureMs, totalMs }));
    if (typeof why === 'string') console.log(colours.dim(`an image, because ${why}`));
  } else if (outcome === 'killed')
    console.log(colours.red(`the server was killed after ${duration(windowMs)}`));
  if (outcome === 'cut off') console.log(colours.red(`not done after ${duration(windowMs)}: stopped`));
}

/** The snapshot of the first run; developed here, outside the server's limit, where the agent kept the image. */
async function finish({ line }: CaptureCost): Promise<string> {
  const path = String(line?.['path']);
  if (line?.['kind'] !== 'image') return path;
  heading('2. The image, developed apart from the server');
  console.log(colours.bold(`$ afterimage develop ${path} -o ${SNAPSHOT}`));
  const giveUp = AbortSignal.any([interruption.signal, AbortSignal.timeout(timeLeftMs())]);
  const { ms, snapshotBytes, peakBytes, storedBytes } = await developImage(path, SNAPSHOT, giveUp);
  console.log(
    `${size(storedBytes)} of image became ${size(snapshotBytes)} of snapshot in ${duration(ms)}, ` +
      `with ${size(peakBytes)} of memory, none of it the server’s`,
  );
  await rm(path);
  return SNAPSHOT;
}

function comparison(image: Run, inline: Run): string {
  const runs = [image, inline];
  const row = (label: string, cell: (run: Run) => string): Row => [label, ...runs.map(cell)];
  const pause = ({ cost: { outcome, longestPauseMs } }: Run): string =>
    verdict(longestPauseMs < 100, `${outcome === 'written' ? '' : 'over '}${duration(longestPauseMs)}`);
  const share = (failures: number, all: number): string => verdict(failures === 0, `${failures} of ${all}`);
  return sideBySide(
    ['What it cost the server', 'image capture', 'writeHeapSnapshot'],
    [
      row('Longest event-loop pause', pause),
      row('  before the capture', ({ ownPauseMs }) => duration(ownPauseMs)),
      row('Time in the server', ({ cost }) => duration(timeInServerMs(cost))),
      row('Requests served', ({ cost }) => count(cost.load.served)),
      row('Requests failed', ({ cost }) => verdict(cost.load.failed === 0, count(cost.load.failed))),
      row('Readiness probes failed', ({ cost }) => share(cost.probes.failures, cost.probes.probes)),
      ...(image.limited ? memoryRows(row) : [row('Extra memory (whole machine)', extraMemory)]),
    ],
  );
}

function memoryRows(row: (label: string, cell: (run: Run) => string) => Row): Row[] {
  return [
    row('Extra memory', extraMemory),
    row('Memory at its peak', ({ cost }) => size(cost.peak)),
    row('Inside its limit of 1 GiB', ({ cost: { outcome, peak } }) => {
      if (outcome === 'killed') return verdict(false, 'no: killed');
      return peak < LIMIT_BYTES ? verdict(true, 'yes') : verdict(false, 'no: would be killed');
    }),
  ];
}

function extraMemory({ cost }: Run): string {
  return size(cost.extra.workingSet);
}

function timeInServerMs({ line, windowMs }: CaptureCost): number {
  return Number(line?.['captureMs'] ?? line?.['totalMs'] ?? windowMs);
}

function verdict(good: boolean, text: string): string {
  return good ? colours.green(text) : colours.red(text);
}

function howToOpen(path: string, bytes: number): void {
  console.log(`\nThe snapshot: ${colours.bold(path)} (${size(bytes)})`);
  console.log('Open it in Chrome: DevTools → Memory → Load profile, and choose the file.');
}

function heading(text: string): void {
  console.log(`\n${colours.cyan(colours.bold(text))}`);
}

async function pass(ms: number): Promise<void> {
  await delay(ms, undefined, { signal: interruption.signal });
}

try {
  await main();
} catch (error) {
  const { message } = interruption.signal.aborted ? (interruption.signal.reason as Error) : (error as Error);
  console.error(colours.red(`demo: ${message}`));
  process.exitCode = 1;
}
