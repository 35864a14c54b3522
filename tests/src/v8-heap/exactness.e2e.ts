/** What the reader makes of a heap, against V8's own snapshot of the same image: all but what differs by nature. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { develop } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';
import { openSnapshot } from '@afterimage/snapshot';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { EDGE_TYPES, NODE_TYPES } from '@afterimage/v8-heap/layouts/node-kinds';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { readGraph, textsOf } from '@afterimage/v8-heap/reader/read-graph';
import {
  compareGraphs,
  type Compared,
  type ComparedGraph,
  type ComparedGraphs,
} from '../../../bench/dist/read/compare.js';
import { outerNodes, type NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-exact-'));
after(() => rmSync(directory, { recursive: true }));
const target = fileURLToPath(new URL('../fixtures/exact-target.js', import.meta.url));

/** Of V8's nodes and edges. */
const MIN_NODES = 0.9995;
const MIN_EDGES = 0.9985;
/** In bytes, of V8's. */
const MAX_SIZE_APART = 0.001;
/** Of what a program makes: handles and strings of V8's own while it develops. */
const OF_DEVELOPING = 8;

for (const node of outerNodes)
  test(`what is read is what V8 writes, of Node ${node.version}`, { timeout: PATIENCE_MS }, async () => {
    const { nodes, ofProgram, edges, selfSize } = await compared(node);
    assert.ok(nodes.equal / nodes.theirs > MIN_NODES, differences(nodes));
    assert.ok(edges.equal / edges.theirs > MIN_EDGES, differences(edges));
    const lacking = ofProgram.theirs - ofProgram.equal;
    assert.ok(lacking + ofProgram.ours - ofProgram.equal <= OF_DEVELOPING, differences(ofProgram));
    const apart = Math.abs(selfSize.ours - selfSize.theirs) / selfSize.theirs;
    assert.ok(apart < MAX_SIZE_APART, JSON.stringify(selfSize));
  });

async function compared(node: NodeBinary): Promise<ComparedGraphs> {
  const [image, snapshot] = ['image', 'heapsnapshot'].map((end) =>
    path.join(directory, `${node.major}.${end}`),
  ) as [string, string];
  await promisify(execFile)(node.path, [target, image], { timeout: PATIENCE_MS });
  const opened = await readImage(createReadStream(image));
  await develop(opened, createWriteStream(snapshot), { redact: 'none', keepHeap: true });
  const { graph: theirs } = await openSnapshot(snapshot, { parts: 'graph' });
  return compareGraphs({ ...theirs, text: (index) => theirs.strings.get(index) }, readFrom(image));
}

function readFrom(image: string): ComparedGraph {
  const memory = openImageFile(image);
  const graph = readGraph(openHeap(memory));
  memory.close();
  const texts = textsOf(graph);
  return { ...graph, nodeTypes: NODE_TYPES, edgeTypes: EDGE_TYPES, text: (index) => texts[index] ?? '' };
}

function differences({ onlyTheirs, onlyOurs }: Compared): string {
  const told = (
    side: string,
    { count, what, example }: { count: number; what: string; example: string },
  ): string => `only ${side}: ${count} ${what} (${example})`;
  return [
    ...onlyTheirs.slice(0, 10).map((difference) => told('V8', difference)),
    ...onlyOurs.slice(0, 10).map((difference) => told('read', difference)),
  ].join('\n');
}
