/**
 * Leaks in many ways at once, among things that do not leak: `node leaking.js DIRECTORY` writes three
 * snapshots there, 1.heapsnapshot and so on. Suspects are recognized by the names of variables.
 */
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';

const ROUND = 400;

const sessions = new Map<string, { user: string; cart: number[] }>();
const auditLog: { action: string; at: Date }[] = [];
const priceBus = new EventEmitter().setMaxListeners(0);
const unanswered: Promise<string>[] = [];
const failures: Error[] = [];
const headOf = new Map<number, Buffer>();
const titles: string[] = [];
const thumbnailByUrl: Record<string, { width: number; height: number }> = {};
const shutdown = new AbortController();
const openFiles = new FinalizationRegistry((close: () => void) => close());
const latencies: number[] = [];
const newest: { change: Change | null } = { change: null };

interface Change {
  text: string;
  previous: Change | null;
}

const settings = new Map(Array.from({ length: 20_000 }, (_, index) => [`setting ${index}`, { index }]));
const recent: { page: string }[] = [];
const requests = new Set<{ headers: string[] }>();
const templates = new Map<string, { compiled: string[] }>();

class Quote {
  constructor(
    readonly symbol: string,
    readonly history: number[],
  ) {}
  watch(): void {
    priceBus.on('price', () => this.history.length);
  }
}

function stopOnShutdown(batch: { rows: number[] }): void {
  shutdown.signal.addEventListener('abort', () => batch.rows.length);
}

function openFile(file: { descriptor: number; path: string }): void {
  openFiles.register(file, () => file.descriptor);
}

class Poller {
  readonly seen = [0];
  poll = (): number => this.seen.length;
}

function leak(from: number): void {
  for (let n = from; n < from + ROUND; n++) {
    sessions.set(`session ${n}`, { user: `user ${n}`, cart: [n, n + 1] });
    auditLog.push({ action: `login ${n}`, at: new Date(n) });
    new Quote(`S${n}`, [n, 2 * n]).watch();
    for (let n = 0; n < 3; n++) unanswered.push(new Promise(() => undefined));
    failures.push(new Error(`order ${n} failed`, { cause: new Error(`timeout ${n}`) }));
    if (n % 20 === 0) headOf.set(n, Buffer.alloc(20_000, n).subarray(0, 16));
    if (n % 4 === 0) titles.push(`${'page '.repeat(400)}${n}`.split('').join('').slice(7, 40));
    thumbnailByUrl[`/images/${n}.webp`] = { width: n, height: n };
    stopOnShutdown({ rows: [n, n, n] });
    openFile({ descriptor: n, path: `/var/spool/${n}` });
    for (let sample = 0; sample < 5 + n / 20; sample++) latencies.push(n + 0.1 * sample);
    newest.change = { text: `change ${n} of the draft`, previous: newest.change };
    newest.change = { text: `change ${n}, saved`, previous: newest.change };
    const poller = new Poller();
    setInterval(poller.poll, 60_000 + (n % 3)).unref();
  }
}

function work(from: number): void {
  for (let n = from; n < from + 5 * ROUND; n++) {
    recent[n % 1000] = { page: `/page/${n}` };
    const request = { headers: [`x-request-id: ${n}`] };
    requests.add(request);
    if (requests.size > 300 + (from % 7)) requests.clear();
    if (templates.size < 3000) templates.set(`template ${n}`, { compiled: [`part ${n}`, 'end'] });
  }
}

const directory = process.argv[2] ?? '.';
for (const round of [0, 1, 2, 3]) {
  // From the event loop, as captures of servers are taken.
  await setImmediate();
  leak(round * ROUND);
  work(round * 5 * ROUND);
  globalThis.gc?.();
  if (round > 0) writeHeapSnapshot(join(directory, `${round}.heapsnapshot`));
}
process.on('exit', () => {
  // What is kept must stay in use.
  const kept = [sessions, auditLog, unanswered, failures, headOf, titles, thumbnailByUrl, latencies, newest];
  process.exitCode = kept.length + settings.size > 0 && openFiles instanceof FinalizationRegistry ? 0 : 1;
});
