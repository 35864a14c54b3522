/** `afterimage heap` draws conclusions from its figures, and none if everything is ordinary. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapBlocks } from '../../../packages/afterimage/dist/report/blocks/heap.js';
import type { HeapFigures } from '../../../packages/afterimage/dist/heap/figures.js';

const ordinary: HeapFigures = {
  nodeVersion: '24.21.0',
  v8Version: '13.6',
  uptimeMs: 60_000,
  eventLoopUtilization: 0.1,
  rssBytes: 120e6,
  heap: { usedBytes: 40e6, committedBytes: 60e6, limitBytes: 2e9 },
  externalBytes: 2e6,
  arrayBufferBytes: 1e6,
  mallocedBytes: 1e6,
  nativeContexts: 1,
  detachedContexts: 0,
  spaces: [],
  resources: [{ type: 'TCPServerWrap', count: 1 }],
};

const known = { pid: 7, nodeVersion: '24.21.0', rssBytes: 120e6, noFigures: null, threads: null };

function saidOf(figures: Partial<HeapFigures>): string {
  const report = { ...known, figures: { ...ordinary, ...figures }, classes: null, noClasses: null };
  return heapBlocks('process 7', report, 10)
    .flatMap((block) => (block.kind === 'paragraph' && block.weight === 'strong' ? [block.text] : []))
    .join(' ');
}

test('draws no conclusion from ordinary figures', () => {
  assert.equal(saidOf({}), '');
});

test('mentions a heap near its limit, memory outside it, and many handles', () => {
  assert.match(
    saidOf({ heap: { usedBytes: 1.8e9, committedBytes: 1.9e9, limitBytes: 2e9 } }),
    /at 90 % of its limit/,
  );
  assert.match(
    saidOf({ rssBytes: 600e6 }),
    /600 MB resident, 540 MB lies outside V8's heap: see afterimage memory 7/,
  );
  assert.match(saidOf({ rssBytes: 600e6, arrayBufferBytes: 400e6 }), /400 MB of it in Buffers/);
  assert.match(
    saidOf({ resources: [{ type: 'TCPSocketWrap', count: 1204 }] }),
    /1,204 handles of type TCPSocketWrap/,
  );
});
