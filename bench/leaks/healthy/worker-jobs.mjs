// Workers that are started for a job and end after it, channels that are closed, and messages with buffers.
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { library, configTree } from '../bystanders.cjs';
import { drive } from '../stage.cjs';

const articles = library(1_000, 7_000);
const settings = configTree(3, 15);
const CODE =
  "require('worker_threads').parentPort.once('message', ({ port, text }) => { port.postMessage(text.length); port.close(); })";

await drive({
  kind: 'workers that end',
  perPhase: 12,
  warmUp: 8,
  step: async (number) => {
    const worker = new Worker(CODE, { eval: true });
    const { port1, port2 } = new MessageChannel();
    const text = articles[number % 1_000].body + settings.amber_0.basalt_1.cedar_2.owner;
    worker.postMessage({ port: port2, text }, [port2]);
    await once(port1, 'message');
    port1.close();
    await worker.terminate();
  },
});
