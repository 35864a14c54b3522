/** Which instances of a class are still the same ones, by IDs that last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff, type Growth, type Snapshot } from '@afterimage/snapshot';
import { array, moduleWith, object, snapshotOf, times } from '../made-up-heap.js';

const MADE = { version: '0.1.0', redaction: 'none', target: null };

/** A heap with these orders, by their IDs. */
async function ordersWith(ids: readonly number[], header: object): Promise<Snapshot> {
  const orders = array(times(ids.length, () => object('Order')));
  const snapshot = await snapshotOf({
    modules: [moduleWith('/app/shop.js', { orders })],
    afterimage: header,
  });
  snapshot.nodesOfClass('Order').forEach((node, at) => (snapshot.graph.nodeId[node] = ids[at] ?? 0));
  return snapshot;
}

async function instances(first: object, last: object): Promise<unknown> {
  const growth: Growth = await diff([
    ordersWith([100_001, 100_003, 4_000_000_007], first),
    ordersWith([4_000_000_007, 100_003, 200_001, 200_003, 200_005], last),
  ]);
  return growth.classes.find(({ name }) => name === 'Order')?.instances;
}

test('instances with the same IDs are kept, of one thread of one process', async () => {
  const read = { ...MADE, by: 'reader', ids: '0123456789abcdef' };
  assert.deepEqual(await instances(read, read), { kept: 2, new: 3, gone: 1 });
});

test('IDs of other processes, of V8, or that say nothing, are not compared', async () => {
  const read = { ...MADE, by: 'reader', ids: '0123456789abcdef' };
  const other = { ...MADE, by: 'reader', ids: 'fedcba9876543210' };
  const byV8 = { ...MADE, ids: '0123456789abcdef' };
  const without = { ...MADE, by: 'reader' };
  for (const [first, last] of [
    [read, other],
    [byV8, byV8],
    [without, without],
    [read, without],
  ] as const)
    assert.equal(await instances(first, last), null);
});
