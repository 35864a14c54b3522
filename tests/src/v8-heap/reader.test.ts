/** The reader of images: it explains every object of a heap, and finds what the program made. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ImageError } from '@afterimage/image/read';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { openImageMemory, type ImageMemory } from '@afterimage/v8-heap/image/image-memory';
import { EDGE_TYPES, NODE_TYPES } from '@afterimage/v8-heap/layouts/node-kinds';
import { explainPages } from '@afterimage/v8-heap/reader/explain';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { UnreadableHeapError } from '@afterimage/v8-heap/reader/unreadable-heap';
import { readGraph, textsOf, type HeapGraph } from '@afterimage/v8-heap/reader/read-graph';
import { outerNodes, type NodeBinary } from '../nodes.js';
import { playTarget } from '../targets/native-target.js';
import {
  accessTo,
  assertEachDamageIsTold,
  assertLengthsAreTold,
  assertWellFormed,
  ofVersion,
} from './damaged-heap.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-reader-'));
after(() => rmSync(directory, { recursive: true }));
const imageOf = ({ major }: NodeBinary): string => path.join(directory, `${major}.image`);
before(async () => {
  for (const node of outerNodes) await playTarget(node, 'sync', imageOf(node));
});

/** As many as the target has. */
const BALLAST = 20_000;
/** More unexplained objects mean a V8 that is not understood. */
const HANDFUL = 5;
/** `damaged-heap.soak.ts` does many more. */
const DAMAGES = 4;
/** Where types have the length that their edges and names are read by, in bytes. */
const LENGTHS = [
  ['ScopeInfo', 24],
  ['FixedArray', 8],
] as const;

for (const node of outerNodes) {
  describe(`an image of Node ${node.version}`, () => {
    let memory: ImageMemory;
    let v8 = '';
    before(() => {
      v8 = execFileSync(node.path, ['-p', 'process.versions.v8'], { encoding: 'utf8' }).trim();
      memory = ofVersion(openImageFile(imageOf(node)), v8);
    });
    after(() => memory.close());

    test('every object on every page is explained', () => {
      const { objects, unexplained, spots } = explainPages(openHeap(memory));
      assert.ok(objects > BALLAST, `${objects} objects`);
      assert.ok(unexplained <= HANDFUL, JSON.stringify(spots));
    });

    test('the graph has all objects that the program made, with their properties', () => {
      const graph = readGraph(openHeap(memory));
      const texts = textsOf(graph);
      assert.equal(texts.length, graph.stringCount);
      assertWellFormed(graph);
      assert.equal(ballastIn(graph, texts), BALLAST);
    });

    test('IDs are odd for objects, even for memory outside of the heap, each once, and the same each time', () => {
      const [graph, again] = [readGraph(openHeap(memory)), readGraph(openHeap(memory))];
      assert.deepEqual(graph.nodeId, again.nodeId);
      assert.ok(graph.ids !== undefined && /^[0-9a-f]{16}$/.test(graph.ids));
      assert.equal(graph.ids, again.ids);
      assert.equal(new Set(graph.nodeId).size, graph.nodeCount);
      assert.deepEqual([...graph.nodeId.subarray(0, 2)], [1, 3]);
      const texts = textsOf(graph);
      const isOutside = (node: number): boolean =>
        texts[graph.nodeName[node] ?? 0] === 'system / JSArrayBufferData';
      graph.nodeId.forEach((id, node) => {
        assert.equal(id % 2, isOutside(node) ? 0 : 1, `${id} of node ${node}`);
      });
    });

    test('whatever is damaged in the heap, it is read or refused in words', () => {
      assertEachDamageIsTold(imageOf(node), v8, DAMAGES);
    });

    for (const [type, lengthAt] of LENGTHS)
      test(`lengths of ${type} that lead out of the heap are not followed`, () => {
        assertLengthsAreTold(imageOf(node), v8, type, lengthAt);
      });

    test('a V8 without a table is refused in words', () => {
      assert.throws(() => openHeap(ofVersion(memory, '9.9.1')), {
        name: UnreadableHeapError.name,
        message: 'V8 9.9.1 is not among those that can be read',
      });
    });

    test('an image that does not say its V8, or says no version, is refused in words', () => {
      for (const told of [undefined, null, 13, {}, '', '13.6\n', `13.6.${'9'.repeat(999)}`])
        assert.throws(() => openHeap(ofVersion(memory, told as string)), {
          name: UnreadableHeapError.name,
          message: 'the image does not say which version of V8 its heap is of',
        });
    });
  });
}

test('an image that is cut off is refused, wherever it ends', () => {
  const [node] = outerNodes;
  assert.ok(node);
  const bytes = readFileSync(imageOf(node));
  for (let part = 0; part < 20; part++) {
    const end = Math.floor((bytes.length * part) / 20);
    assert.throws(() => openImageMemory(accessTo(bytes.subarray(0, end))), ImageError, `cut at ${end}`);
  }
});

/** Objects that have a property `text`, which is `ballast` with a number: put together of both where it is longer. */
function ballastIn(graph: HeapGraph, texts: string[]): number {
  const [property, object] = [EDGE_TYPES.indexOf('property'), NODE_TYPES.indexOf('object')];
  const text = texts.indexOf('text');
  let count = 0;
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.nodeType[node] !== object) continue;
    for (let edge = graph.firstEdge[node] ?? 0; edge < (graph.firstEdge[node + 1] ?? 0); edge++) {
      if (graph.edgeType[edge] !== property || graph.edgeName[edge] !== text) continue;
      const value = texts[graph.nodeName[graph.edgeTo[edge] ?? 0] ?? 0] ?? '';
      if (/^(ballast \d+|\(concatenated string\))$/.test(value)) count++;
    }
  }
  return count;
}
