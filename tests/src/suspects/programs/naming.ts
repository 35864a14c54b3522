/**
 * Leaks that Node or a library holds, so that the program behind them must be found: `node --expose-gc
 * naming.js DIRECTORY` writes three snapshots there, 1.heapsnapshot and so on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { writeHeapSnapshot } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';

const ROUND = 300;
const directory = process.argv[2] ?? '.';

/** A package of a known version, in pnpm's layout, and one whose version only its manifest tells. */
function installed(folder: string, name: string, version: string): (bus: EventEmitter) => void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  const source = `module.exports = (bus) => { const state = { at: 'x'.repeat(40) }; bus.on('${name}', () => state.at); };`;
  writeFileSync(join(folder, 'index.js'), source);
  return createRequire(join(folder, 'index.js'))(join(folder, 'index.js')) as (bus: EventEmitter) => void;
}

const modules = join(directory, 'node_modules');
const subscribe = installed(
  join(modules, '.pnpm', 'bus-kit@4.5.6_peer@1.0.0', 'node_modules', 'bus-kit'),
  'bus-kit',
  '4.5.6',
);
const watch = installed(join(modules, '@acme', 'watcher'), '@acme/watcher', '2.1.0');

const shutdown = new AbortController();
const hub = new EventEmitter().setMaxListeners(0);
const watched = new EventEmitter().setMaxListeners(0);
const requests = new AsyncLocalStorage<RequestState>();
const keep = { auditLog: [] as Audit[], customers: new Map<number, Customer>(), started: new Date() };
const rules: (() => number)[] = [];
const tenant = join(directory, 'tenant.config.mjs');

class RequestState {
  readonly body: string[];
  constructor(n: number) {
    this.body = Array.from({ length: 60 }, (_, index) => `line ${index} of ${n}`);
  }
}

class Audit {
  readonly text: string;
  constructor(readonly n: number) {
    this.text = `audit ${n} ${'.'.repeat(400)} ${n}`;
  }
}

class Customer {
  readonly name: string;
  constructor(readonly n: number) {
    this.name = `customer ${n} ${'.'.repeat(400)} ${n}`;
  }
}

function compose(n: number): void {
  const work = { path: `/orders/${n}`, aborted: false };
  const both = AbortSignal.any([shutdown.signal, new AbortController().signal]);
  both.addEventListener('abort', () => void (work.aborted = true));
}

/** As template and schema compilers do: source without a file, functions with a number in their names. */
function compile(n: number): void {
  const source = `return function rule${n}(order) { return order.total * ${n} + ${'order.tax + '.repeat(20)} 1; }`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- that is what such compilers do
  rules.push((new Function(source) as () => () => number)());
}

function poll(): void {
  setInterval(() => undefined, 1e8).unref();
}

async function leak(from: number): Promise<void> {
  for (let n = from; n < from + ROUND; n++) {
    compose(n);
    performance.mark(`task-${n}`, { detail: { n } });
    for (const event of ['open', 'data', 'close']) hub.on(event, () => n);
    compile(n);
    subscribe(watched);
    watch(watched);
    keep.auditLog.push(new Audit(n));
    keep.customers.set(n, new Customer(n));
    requests.run(new RequestState(n), poll);
    const { port1 } = new MessageChannel();
    port1.on('message', () => n);
    port1.unref();
    if (n % 3 === 0) await import(`${pathToFileURL(tenant).href}?v=${n}`);
  }
}

writeFileSync(
  tenant,
  `export const limits = { requests: 100 };\nexport const check = (n) => n < limits.requests;\n// ${'rule '.repeat(400)}`,
);
let next = 0;
for (const round of [0, 1, 2, 3]) {
  await leak(next);
  next += ROUND;
  for (let at = 0; at < 3; at++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    (globalThis as { gc?: () => void }).gc?.();
  }
  if (round > 0) writeHeapSnapshot(join(directory, `${round}.heapsnapshot`));
}
process.exit();
