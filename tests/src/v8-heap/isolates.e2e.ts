/** The heaps of worker threads in an image: which there are, and what is in them, next to what V8 itself writes of one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSnapshot } from '@afterimage/snapshot';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import type { ImageMemory } from '@afterimage/v8-heap/image/image-memory';
import { NODE_TYPES } from '@afterimage/v8-heap/layouts/node-kinds';
import { explainPages } from '@afterimage/v8-heap/reader/explain';
import { findIsolates, type Isolate } from '@afterimage/v8-heap/reader/isolates';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { readGraph, textsOf } from '@afterimage/v8-heap/reader/read-graph';
import { runCommand } from '../command.js';
import { outerNodes, type NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-isolates-'));
after(() => rmSync(directory, { recursive: true }));
const target = fileURLToPath(new URL('../fixtures/isolates-target.js', import.meta.url));
const workerFile = fileURLToPath(new URL('../fixtures/isolates-worker.js', import.meta.url));
const imageOf = ({ major }: NodeBinary): string => path.join(directory, `${major}.image`);
const snapshotOf = ({ major }: NodeBinary): string => path.join(directory, `${major}.heapsnapshot`);

/** Objects of one class: of V8's writing the snapshot, and of what Node.js still did in the thread since the image. */
const MAX_OBJECTS_APART = 5;
/** What V8's generator makes of C++ objects, or of its roots, is not in the heap. */
const OUTSIDE = new Set(['native', 'synthetic']);
/** Of all nodes: handles, code that V8 makes while it writes, and line ends of scripts on Node 22 and earlier. */
const MAX_NODES_APART = 0.003;
const HANDFUL = 5;
/** StateTag in V8: a thread that waits for events. Node 20 does not say that it is idle. */
const WAITING = [6n, 8n];
const COLLECTING = 1n;

before(async () => {
  for (const node of outerNodes)
    await promisify(execFile)(node.path, [target, imageOf(node), snapshotOf(node)], { timeout: PATIENCE_MS });
});

for (const node of outerNodes)
  describe(`an image with worker threads, of Node ${node.version}`, { timeout: PATIENCE_MS }, () => {
    let memory: ImageMemory;
    let isolates: Isolate[];
    before(() => {
      memory = openImageFile(imageOf(node));
      isolates = findIsolates(memory);
    });
    after(() => memory.close());

    test('has the heap of each thread that runs, with its number, name and script', () => {
      const seen = isolates.map(({ isMain, threadId, name, script }) => ({ isMain, threadId, name, script }));
      const name = node.major === 20 ? null : 'pricing';
      assert.deepEqual(seen, [
        { isMain: true, threadId: 0, name: null, script: target },
        { isMain: false, threadId: 2, name, script: workerFile },
        { isMain: false, threadId: 3, name: null, script: '[worker eval]' },
      ]);
      for (const { usedBytes, committedBytes } of isolates)
        assert.ok(usedBytes > 1e6 && usedBytes <= committedBytes, `${usedBytes} of ${committedBytes}`);
    });

    test("reads of a worker's heap what V8 writes of it", async () => {
      const heap = openHeap(memory, isolates[1]?.heapAddress);
      const state = heap.words.words(heap.roots.address - heap.version.threadState, 1)?.[0] ?? 0n;
      assert.ok(WAITING.includes(state & 0xffffn), `the state is ${state}`);
      const { unexplained, spots } = explainPages(heap);
      assert.ok(unexplained <= HANDFUL, JSON.stringify(spots));
      const graph = readGraph(heap);
      const texts = textsOf(graph);
      const ours = counts(graph.nodeCount, (row) => [
        NODE_TYPES[graph.nodeType[row] ?? 0] ?? '',
        texts[graph.nodeName[row] ?? 0] ?? '',
      ]);
      const { graph: theirGraph } = await openSnapshot(snapshotOf(node), { parts: 'graph' });
      const theirs = counts(theirGraph.nodeCount, (row) => [
        theirGraph.nodeTypes[theirGraph.nodeType[row] ?? 0] ?? '',
        theirGraph.strings.get(theirGraph.nodeName[row] ?? 0),
      ]);
      assert.equal(ours.classes.get('Quote'), 2000);
      assert.deepEqual(difference(ours.classes, theirs.classes, MAX_OBJECTS_APART), []);
      assert.deepEqual(difference(ours.types, theirs.types, theirGraph.nodeCount * MAX_NODES_APART), []);
    });

    test('refuses the heap of a worker that was collecting garbage', () => {
      const [, pricing] = isolates;
      const { roots, version } = openHeap(memory, pricing?.heapAddress);
      const state = roots.address - version.threadState;
      const read: ImageMemory['read'] = (address, into) => {
        const isRead = memory.read(address, into);
        const at = state - address;
        if (at >= 0 && at + 8 <= into.length)
          new DataView(into.buffer, into.byteOffset).setBigUint64(at, COLLECTING, true);
        return isRead;
      };
      assert.throws(() => openHeap({ ...memory, read }, pricing?.heapAddress), {
        name: 'CollectingHeapError',
        message: 'its thread was collecting garbage when the image was taken',
      });
    });
  });

describe('--isolate', { timeout: PATIENCE_MS }, () => {
  const node = outerNodes[outerNodes.length - 1] as NodeBinary;

  test('chooses the heap of a worker, which the snapshot names; the answer says which others there are', async () => {
    const output = path.join(directory, 'worker.heapsnapshot');
    const developed = await runCommand(['develop', imageOf(node), '--isolate', '2', '-o', output, '--json']);
    assert.equal(developed.code, 0, developed.stderr);
    const { by, isolate, others } = JSON.parse(developed.stdout.toString()) as {
      by: string;
      isolate: Record<string, unknown>;
      others: { isolate: string }[];
    };
    assert.deepEqual(
      others.map((other) => other.isolate),
      ['0', '3'],
    );
    assert.equal(by, 'reader');
    const { threadId, name, script } = isolate;
    assert.deepEqual({ threadId, name, script }, { threadId: 2, name: 'pricing', script: workerFile });
    const told = await runCommand(['develop', imageOf(node), '--isolate', '2', '-o', output, '--force']);
    assert.match(
      told.stderr,
      /the image also has the heaps of the main thread and 1 other worker thread: --isolate 0, 3/,
    );
    const { stdout } = await runCommand(['analyze', output, '--json']);
    const { thread, pid, classes } = JSON.parse(stdout.toString()) as {
      thread: number;
      pid: number;
      classes: { name: string; count: number }[];
    };
    assert.equal(thread, 2);
    assert.ok(pid > 0);
    assert.equal(classes.find(({ name }) => name === 'Quote')?.count, 2000);
  });

  test('that no thread has is refused with a list of those that there are', async () => {
    const { code, stderr } = await runCommand(['analyze', imageOf(node), '--isolate', '7']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^afterimage: no thread 7 in this image; it has the heaps of 3 threads: 0 main thread \(/,
    );
    assert.ok(
      stderr.includes(`2 "pricing" (${workerFile}, `) && stderr.includes('; 3 ([worker eval], '),
      stderr,
    );
  });

  test("is not for V8's own generator, nor for a snapshot", async () => {
    const output = path.join(directory, 'none.heapsnapshot');
    const byV8 = await runCommand(['develop', imageOf(node), '--isolate', '2', '--by', 'v8', '-o', output]);
    assert.equal(byV8.code, 2);
    assert.match(byV8.stderr, /--by v8 develops the main thread's heap alone/);
    const ofSnapshot = await runCommand(['analyze', snapshotOf(node), '--isolate', '2']);
    assert.equal(ofSnapshot.code, 2);
    assert.match(
      ofSnapshot.stderr,
      /--isolate chooses a heap of an image, and this is a snapshot of one heap/,
    );
  });
});

function counts(
  nodeCount: number,
  typeAndName: (row: number) => [type: string, name: string],
): { types: Map<string, number>; classes: Map<string, number> } {
  const [types, classes] = [new Map<string, number>(), new Map<string, number>()];
  for (let row = 0; row < nodeCount; row++) {
    const [type, name] = typeAndName(row);
    if (!OUTSIDE.has(type)) types.set(type, (types.get(type) ?? 0) + 1);
    if (type === 'object') classes.set(name, (classes.get(name) ?? 0) + 1);
  }
  return { types, classes };
}

/** What both have so many apart, and more. */
function difference(ours: Map<string, number>, theirs: Map<string, number>, most: number): string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((name) => {
    const [our, their] = [ours.get(name) ?? 0, theirs.get(name) ?? 0];
    return Math.abs(our - their) > most ? [`${name}: ${our}, and ${their} by V8`] : [];
  });
}
