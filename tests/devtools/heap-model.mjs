// Loads a snapshot with the code that DevTools' Memory panel runs in its worker, and prints what the panel
// would show as one JSON document:
//   node heap-model.bundle.mjs FILE [CLASS.PROPERTY ...]
// For each CLASS.PROPERTY it lists the strings found under that property in the objects of that class.
// Needs Node 22 (Promise.withResolvers). Warnings go to standard error.
import { createReadStream } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { SecondaryInitManager } from '../node_modules/chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts';
import { HeapSnapshotLoader } from '../node_modules/chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/HeapSnapshotLoader.ts';

const [file, ...wanted] = process.argv.slice(2);
console.warn = console.error;

const snapshot = await load(file);
const rows = Object.values(snapshot.aggregatesWithFilter({ filterName: undefined }));
process.stdout.write(
  JSON.stringify({
    nodes: snapshot.nodeCount,
    edges: snapshot.containmentEdges.length / snapshot.edgeFieldsCount,
    classes: rows.map((row) => ({
      name: row.name,
      count: row.count,
      shallow: row.self,
      retained: row.maxRet,
    })),
    strings: Object.fromEntries(wanted.map((path) => [path, stringsUnder(...path.split('.'))])),
  }),
);

async function load(path) {
  const loader = new HeapSnapshotLoader({ sendEvent() {} });
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 10_000_000 })) {
    loader.write(chunk);
    await new Promise(setImmediate); // lets the parser, waiting in a promise, take the chunk
  }
  loader.close();
  await loader.parsingComplete;
  const { port1, port2 } = new MessageChannel();
  new SecondaryInitManager(port2); // DevTools gives this half to a second worker
  const loaded = await loader.buildSnapshot(port1);
  port1.close();
  return loaded;
}

function stringsUnder(className, property) {
  const found = [];
  for (const row of rows.filter(({ name }) => name === className)) {
    for (const index of row.idxs) {
      for (let edges = snapshot.createNode(index).edges(); edges.hasNext(); edges.next()) {
        const edge = edges.item();
        if (edge.type() === 'property' && edge.name() === property) found.push(edge.node().name());
      }
    }
  }
  return found;
}
