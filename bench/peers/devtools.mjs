// Chrome DevTools' heap model, in two threads as the Memory panel runs it, without the panel:
//   node devtools.bundle.mjs FILE
// Loads the file and prints the 20 largest classes of the Summary view.
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, MessageChannel, Worker, workerData } from 'node:worker_threads';
import { SecondaryInitManager } from 'chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts';
import { HeapSnapshotLoader } from 'chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/HeapSnapshotLoader.ts';

if (isMainThread) await printClasses(process.argv[2]);
else new SecondaryInitManager(workerData);

async function printClasses(file) {
  const snapshot = await load(file);
  const rows = Object.values(snapshot.aggregatesWithFilter({ filterName: undefined }));
  rows.sort((one, other) => other.maxRet - one.maxRet);
  for (const row of rows.slice(0, 20)) console.log(row.maxRet, row.self, row.count, row.name.slice(0, 60));
}

async function load(file) {
  const loader = new HeapSnapshotLoader({ sendEvent() {} });
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 10_000_000 })) {
    loader.write(chunk);
    await new Promise(setImmediate); // lets the parser, waiting in a promise, take the chunk
  }
  loader.close();
  await loader.parsingComplete;
  const { port1, port2 } = new MessageChannel();
  const second = new Worker(fileURLToPath(import.meta.url), {
    workerData: port2,
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: 12_000 },
  });
  const snapshot = await loader.buildSnapshot(port1);
  port1.close();
  await second.terminate();
  return snapshot;
}
