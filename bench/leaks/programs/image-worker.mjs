// A MessageChannel is opened for each request to the worker so that replies cannot be mixed up; neither end is closed
// after the reply, and an open port with a listener is kept by the event loop.
import { MessageChannel, Worker } from 'node:worker_threads';
import { configTree, catalogue, BoundedCache } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const presets = configTree(4, 10);
const shop = catalogue(9_000);
const sizes = new BoundedCache(300);
const worker = new Worker(
  `const ports = [];
   require('node:worker_threads').parentPort.on('message', ({ port, width }) => {
     ports.push(port);
     port.postMessage({ width: width / 2 });
   });`,
  { eval: true },
);
worker.unref();

function resize(job) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((done) => {
    port1.on('message', function onResized({ width }) {
      job.steps.push({ width, preset: presets.amber_0.basalt_1 });
      done(width);
    });
    worker.postMessage({ port: port2, width: job.width }, [port2]);
  });
}

await drive({
  kind: 'worker message ports never closed',
  culprit: 'onResized',
  perPhase: 350,
  step: async (number) => {
    const steps = Array.from({ length: 30 }, (_, n) => ({ n, factor: n / 7, sku: shop.at(number).sku }));
    sizes.set(number, { width: await resize({ number, width: 100 + (number % 900), steps }) });
  },
});
