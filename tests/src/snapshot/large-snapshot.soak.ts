/** More strings than one JavaScript string can hold, and more edges than 2 ** 28. Takes 2 GB of disk, 4 GB of memory. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openSnapshot } from '@afterimage/snapshot';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-large-'));
after(() => rmSync(directory, { recursive: true }));

const meta = {
  node_fields: ['type', 'name', 'id', 'self_size', 'edge_count'],
  node_types: [['synthetic', 'string', 'object'], 'string', 'number', 'number', 'number'],
  edge_fields: ['type', 'name_or_index', 'to_node'],
  edge_types: [['element', 'property'], 'string_or_number', 'node'],
};

interface Contents {
  nodes: Iterable<string>;
  edges: Iterable<string>;
  strings: Iterable<string>;
}

function written(nodes: number, edges: number, contents: Contents): string {
  const file = path.join(directory, `${nodes}-${edges}.heapsnapshot`);
  const fd = openSync(file, 'w');
  writeSync(fd, `{"snapshot":${JSON.stringify({ meta, node_count: nodes, edge_count: edges })}`);
  for (const section of ['nodes', 'edges', 'strings'] as const) {
    writeSync(fd, `,"${section}":[`);
    for (const text of contents[section]) writeSync(fd, text);
    writeSync(fd, ']');
  }
  writeSync(fd, '}');
  closeSync(fd);
  return file;
}

/** `first`, and then the texts of 0 up to, not with, `count`, a thousand at a time. */
function* inTurn(first: string, count: number, text: (index: number) => string): Generator<string> {
  yield first;
  for (let from = 0; from < count; from += 1000) {
    yield Array.from({ length: Math.min(1000, count - from) }, (_, index) => text(from + index)).join('');
  }
}

function* repeated(first: string, count: number, text: string): Generator<string> {
  yield first;
  for (let left = count; left > 0; left -= 1e6) yield text.repeat(Math.min(1e6, left));
}

test('705 MB of strings', async () => {
  const count = 700_000;
  const file = written(count + 1, count, {
    nodes: inTurn(`0,0,1,0,${count}`, count, (index) => `,1,${index + 1},${2 * index + 3},1000,0`),
    edges: inTurn('', count, (index) => `${index ? ',' : ''}0,${index},${5 * (index + 1)}`),
    strings: inTurn('"(root)"', count, (index) => `,"${String(index).padStart(8, '0')}${'x'.repeat(1000)}"`),
  });
  const snapshot = await openSnapshot(file);
  assert.equal(snapshot.graph.strings.get(count), `00699999${'x'.repeat(1000)}`);
  const [row] = snapshot.classes();
  assert.deepEqual([row?.name, row?.count, row?.retainedBytes], ['(string)', count, 1000 * count]);
});

test('more than 2 ** 28 edges', async () => {
  const others = 2 ** 28 + 1000;
  const file = written(2, others + 1, {
    nodes: [`0,0,1,0,1,2,1,3,16,${others}`],
    edges: repeated('0,0,5', others, ',0,7,5'),
    strings: ['"(root)","Object"'],
  });
  const { graph, retainedSize } = await openSnapshot(file);
  assert.equal(graph.firstEdge[2], others + 1);
  assert.deepEqual([graph.edgeTo[others], graph.edgeName[others]], [1, 7]);
  assert.equal(retainedSize[0], 16);
});
