/** Workers that have heaps of their own, WebAssembly, memory that threads share, and messages between them. */
import { MessageChannel, Worker } from 'node:worker_threads';

const WORKERS = 3;
/** A module with one function that adds two numbers, a memory and a table. */
const ADD = new Uint8Array([
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 4, 4, 1, 112, 0, 2, 5, 3, 1, 0,
    1,
  ],
  ...[7, 16, 2, 3, 97, 100, 100, 0, 0, 6, 109, 101, 109, 111, 114, 121, 2, 0, 9, 7, 1, 0, 65, 0, 11, 1, 0],
  ...[10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11],
]);
const SOURCE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const kept = new Map();
  for (let index = 0; index < 2000; index++) kept.set('key ' + index, { index, shared: workerData.shared });
  parentPort.on('message', (message) => { kept.set(message, message); parentPort.postMessage('done'); });
  parentPort.postMessage('up');
`;

interface Assembly {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Record<string, unknown> };
  Memory: new (limits: object) => { grow(pages: number): number };
  Table: new (limits: object) => object;
}
const { Module, Instance, Memory, Table } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;

const shared = new SharedArrayBuffer(1 << 16);
const module = new Module(ADD);
const instances = Array.from({ length: 20 }, () => new Instance(module));
const add = instances[0]?.exports['add'] as (a: number, b: number) => number;
let total = 0;
for (let round = 0; round < 100_000; round++) total = add(total, round);
const grown = new Memory({ initial: 1, maximum: 10 });
grown.grow(2);
const table = new Table({ initial: 4, element: 'anyfunc' });
const channels = Array.from({ length: 50 }, () => new MessageChannel());
const kept = { shared, instances, total, grown, table, channels, workers: [] as Worker[] };
let done = 0;
for (let index = 0; index < WORKERS; index++) {
  const worker = new Worker(SOURCE, { eval: true, workerData: { shared } });
  worker.on('message', (message) => {
    if (message === 'up') worker.postMessage({ index, text: 'hello', views: new Float64Array(shared) });
    else if (++done === WORKERS) console.log('ready', kept.workers.length);
  });
  kept.workers.push(worker);
}
