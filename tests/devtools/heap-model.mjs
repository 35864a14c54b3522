// Loads a snapshot with the code that DevTools' Memory panel runs in its worker, and prints what the panel
// would show as one JSON document:
//   node heap-model.bundle.mjs FILE [CLASS.PROPERTY ...]
// For each CLASS.PROPERTY it lists the strings found under that property in the objects of that class.
//   node heap-model.bundle.mjs FILE --compare BASE
// prints what the panel's Comparison view shows of FILE next to the earlier BASE: [{ name, added, removed }].
//   node heap-model.bundle.mjs FILE --dump OUT
// writes what the model computed of every node to OUT (the format is told at dump) and prints nothing.
// Needs Node 22 (Promise.withResolvers). Warnings go to standard error.
import { createReadStream, closeSync, openSync, writeSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { SecondaryInitManager } from '../node_modules/chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts';
import { HeapSnapshotLoader } from '../node_modules/chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker/HeapSnapshotLoader.ts';

const [file, ...wanted] = process.argv.slice(2);
console.warn = console.error;

const snapshot = await load(file);
const rowsByKey = snapshot.aggregatesWithFilter({ filterName: undefined });
const rows = Object.values(rowsByKey);
if (wanted[0] === '--dump') dump(wanted[1]);
else if (wanted[0] === '--compare') process.stdout.write(JSON.stringify(await comparison(wanted[1])));
else process.stdout.write(JSON.stringify(summary()));

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

/** As HeapSnapshotDiffDataGrid has its rows made. */
async function comparison(path) {
  const base = (await load(path)).aggregatesForDiff(snapshot.interfaceDefinitions());
  return Object.values(snapshot.calculateSnapshotDiff(1, base)).map(({ name, addedCount, removedCount }) => ({
    name,
    added: addedCount,
    removed: removedCount,
  }));
}

function summary() {
  return {
    nodes: snapshot.nodeCount,
    edges: edgeCount(),
    classes: rows.map((row) => ({
      name: row.name,
      count: row.count,
      shallow: row.self,
      retained: row.maxRet,
    })),
    strings: Object.fromEntries(wanted.map((path) => [path, stringsUnder(...path.split('.'))])),
  };
}

function edgeCount() {
  return snapshot.containmentEdges.length / snapshot.edgeFieldsCount;
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

/**
 * One line of JSON (counts, class rows, duplicate strings, class names), then one column after the other in the
 * machine's byte order, a value for each node in the file's order: `columns` in the JSON says which and of what type.
 * `classIndex` points into `classNames`.
 */
function dump(path) {
  const { className, classNames } = classNameColumn();
  const columns = [
    ['id', column(Uint32Array, snapshot.nodeIdOffset)],
    ['dominator', snapshot.dominatorsTree],
    ['shallowSize', column(Float64Array, snapshot.nodeSelfSizeOffset)],
    ['retainedSize', snapshot.retainedSizes],
    ['distance', snapshot.nodeDistances],
    ['classIndex', className],
  ];
  const header = {
    nodes: snapshot.nodeCount,
    edges: edgeCount(),
    columns: columns.map(([name, values]) => ({ name, type: values.constructor.name })),
    classes: Object.entries(rowsByKey).map(([key, row]) => ({
      key,
      name: row.name,
      count: row.count,
      shallowBytes: row.self,
      retainedBytes: row.maxRet,
      distance: row.distance,
    })),
    duplicateStrings: snapshot.getDuplicateStrings().map((group) => ({
      value: group.value,
      count: group.count,
      shallowBytes: group.totalSelfSize,
      retainedBytes: group.totalRetainedSize,
      truncated: group.truncated,
    })),
    classNames,
  };
  const out = openSync(path, 'w');
  writeWhole(out, Buffer.from(JSON.stringify(header) + '\n'));
  for (const [, values] of columns) {
    writeWhole(out, Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }
  closeSync(out);
}

function column(ArrayType, fieldOffset) {
  const values = new ArrayType(snapshot.nodeCount);
  for (let ordinal = 0; ordinal < values.length; ordinal++) {
    values[ordinal] = snapshot.nodes.getValue(ordinal * snapshot.nodeFieldCount + fieldOffset);
  }
  return values;
}

function classNameColumn() {
  const indexes = new Map();
  const className = new Uint32Array(snapshot.nodeCount);
  const node = snapshot.createNode(0);
  for (let ordinal = 0; ordinal < className.length; ordinal++) {
    node.nodeIndex = ordinal * snapshot.nodeFieldCount;
    const name = node.className();
    if (!indexes.has(name)) indexes.set(name, indexes.size);
    className[ordinal] = indexes.get(name);
  }
  return { className, classNames: [...indexes.keys()] };
}

function writeWhole(out, bytes) {
  for (let at = 0; at < bytes.length;) at += writeSync(out, bytes, at, Math.min(bytes.length - at, 1 << 26));
}
