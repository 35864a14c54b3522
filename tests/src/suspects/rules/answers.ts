/** The sentences around the suspects: how much grew, what explains it, and what the answer does not cover. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff, type Growth } from '@afterimage/snapshot';
import {
  array,
  growthOf,
  LARGE,
  moduleWith,
  object,
  snapshotOf,
  times,
  type Program,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const MB = 1e6;

const orders = (count: number): Things => ({ orders: array(times(count, () => object('Order', {}, LARGE))) });

/** Figures of a process, as a capture writes them. */
function target(figures: Partial<Record<string, number>>, others: object = {}): object {
  const process = {
    rss: 0,
    heapUsed: 0,
    heapTotal: 0,
    heapLimit: 0,
    external: 0,
    arrayBuffers: 0,
    ...figures,
  };
  return { version: '1.0.0', redaction: 'strings', target: { process, ...others } };
}

async function summaryWith(
  counts: readonly [number, number],
  ...figures: [Partial<Record<string, number>>, Partial<Record<string, number>>]
): Promise<string> {
  const { summary } = await diff(
    counts.map((count, at) =>
      snapshotOf({ modules: [moduleWith(APP, orders(count))], afterimage: target(figures[at] ?? {}) }),
    ),
  );
  return summary;
}

test('suspects explain a share of the growth', async () => {
  const one = await growthOf((count) => ({ modules: [moduleWith(APP, orders(count))] }));
  assert.equal(one.summary, '1 suspect explains 100 % of +3.0 MB.');
  const two = await growthOf((count) => ({
    modules: [
      moduleWith(APP, { ...orders(count), logs: array(times(2 * count, () => object('Log', {}, LARGE))) }),
      moduleWith('/app/b.js', { buffer: object('Ballast', {}, count * 5000) }),
    ],
  }));
  assert.equal(two.summary, '2 suspects explain 98 % of +9.2 MB.');
  const small = await growthOf((count) => ({
    modules: [moduleWith(APP, { x: object('X', {}, count * 100) })],
  }));
  assert.equal(small.summary, 'Nothing grows steadily; the heap changed by +3 kB.');
});

test('a heap that shrank did not grow', async () => {
  const { summary, suspects, explainedShare } = await growthOf(
    (count) => ({
      modules: [moduleWith(APP, { ...orders(count), x: object('X', {}, 9e6 - count * 2 * LARGE) })],
    }),
    [10, 40],
  );
  assert.equal(summary, 'The heap did not grow (-3.0 MB).');
  assert.deepEqual([suspects, explainedShare], [[], 0]);
});

test('growth outside the heap is said if it is large', async () => {
  const outside = (mb: number, first = 50): Promise<string> =>
    summaryWith([10, 10], { rss: first * MB }, { rss: (first + mb) * MB });
  assert.equal(await outside(15.9), 'The heap did not grow (+0 kB).');
  assert.equal(
    await outside(16),
    "The heap did not grow (+0 kB). RSS grew +16.0 MB; +16.0 MB lies outside V8's heap: see afterimage memory.",
  );
  assert.match(await outside(20, 200), /lies outside/);
  assert.doesNotMatch(await outside(20, 201), /lies outside/, 'a tenth of the first');
});

test('what the heap grew by is not outside it', async () => {
  const inside = (heap: number): Promise<string> =>
    summaryWith(
      [10, 40],
      { rss: 50 * MB, heapTotal: 10 * MB },
      { rss: 90 * MB, heapTotal: (10 + heap) * MB },
    );
  assert.match(
    await inside(10),
    /^1 suspect explains 100 % of \+3\.0 MB\. RSS grew \+40\.0 MB; \+30\.0 MB lies outside/,
  );
  assert.doesNotMatch(await inside(30), /outside/);
  const nothing = await summaryWith([10, 11], { rss: 50 * MB }, { rss: 90 * MB });
  assert.match(nothing, /^Nothing grows steadily in V8's heap; the heap changed by \+100 kB\. RSS grew/);
});

test('buffers are named if they are a tenth of it', async () => {
  const buffers = (mb: number): Promise<string> =>
    summaryWith([10, 10], { rss: 50 * MB }, { rss: 90 * MB, arrayBuffers: mb * MB });
  assert.match(
    await buffers(5),
    /\+40\.0 MB lies outside V8's heap, \+5\.0 MB of that in ArrayBuffers and Buffers: see/,
  );
  assert.match(await buffers(4), /\+40\.0 MB lies outside V8's heap: see/);
  assert.match(await buffers(60), /, \+40\.0 MB of that in ArrayBuffers/, 'no more than all of it');
});

test('of native memory that the snapshots show, the larger half is said', async () => {
  const native =
    (bytes: number) =>
    (count: number): Program => ({
      modules: [moduleWith(APP, orders(count))],
      nativeBytes: count * bytes,
    });
  assert.match(
    (await growthOf(native(60_000))).summary,
    / \+1\.8 MB of it lie outside V8's heap, \+0 kB in buffers\.$/,
  );
  assert.doesNotMatch((await growthOf(native(49_000))).summary, /outside/);
});

async function notCovered(...files: object[]): Promise<string[]> {
  const growth: Growth = await diff(
    files.map((afterimage, at) => snapshotOf({ modules: [moduleWith(APP, orders(10 + at))], afterimage })),
  );
  return growth.notCovered;
}

const captured = (time: string, others: object = {}, provenance: object = {}): object => ({
  ...target({}, { time, name: 'shop', pid: 7, node: 'v24.1.0', ...others }),
  ...provenance,
});
const [FIRST, SECOND, THIRD] = [
  '2026-01-01T10:00:00Z',
  '2026-01-01T10:05:00Z',
  '2026-01-01T10:10:00Z',
] as const;
const ELSEWHERE =
  'Worker threads have heaps of their own, and native memory is in no heap: neither was looked at.';
const A_THIRD = 'Between two snapshots any growth looks steady: take a third.';

test('three snapshots of one process in order need no note', async () => {
  assert.deepEqual(await notCovered(captured(FIRST), captured(SECOND), captured(THIRD)), [ELSEWHERE]);
  assert.deepEqual(await notCovered(captured(FIRST), captured(SECOND)), [A_THIRD, ELSEWHERE]);
});

test('snapshots that cannot be compared well are noted', async () => {
  const last = (others: object, provenance?: object): Promise<string[]> =>
    notCovered(captured(FIRST), captured(SECOND), captured(THIRD, others, provenance));
  assert.deepEqual(await last({ node: 'v26.0.0' }), [
    'The snapshots are of different Node.js versions (v24.1.0, v26.0.0): compare alike ones.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({ name: 'api', pid: 8 }), [
    'The snapshots are of different programs (shop, api): compare those of one.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({ pid: 8 }), [
    'The snapshots are of different processes (7, 8): warm-up looks like growth.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({ thread: 2 }), [
    'The snapshots are of the heaps of different threads (the main thread, worker thread 2): compare those of one.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({ time: '2026-01-01T10:04:00Z' }), [
    'The snapshots are not in the order in which they were taken.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({ time: SECOND }), [ELSEWHERE], 'taken together');
  assert.deepEqual(await last({ time: FIRST }), [
    'The snapshots are not in the order in which they were taken.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({}, { redaction: 'names' }).then((all) => all.slice(1)), [
    'Names were redacted: things that differ only by name may be missing.',
    ELSEWHERE,
  ]);
  assert.deepEqual(await last({}, { by: 'reader' }), [
    'Some snapshots were read out of images, and some written by V8: what only one of them sees looks like growth.',
    ELSEWHERE,
  ]);
  const reader = { by: 'reader' };
  assert.deepEqual(
    await notCovered(captured(FIRST, {}, reader), captured(SECOND, {}, reader), captured(THIRD, {}, reader)),
    ["Objects of Node's own C++ code were not looked at: the heap was read out of an image.", ELSEWHERE],
  );
});

test('a heap that shrank may hide growth', async () => {
  const { notCovered: notes } = await growthOf(
    (count) => ({ modules: [moduleWith(APP, orders(count))] }),
    [40, 5, 10],
  );
  assert.deepEqual(notes, [
    'The heap shrank from the first snapshot to the last: growth that this outweighs is not shown.',
    ELSEWHERE,
  ]);
});

test('figures of the process are passed on, if any snapshot has them', async () => {
  const none = await growthOf((count) => ({ modules: [moduleWith(APP, orders(count))] }));
  assert.equal(none.process, null);
  const some = await diff([
    snapshotOf({ modules: [moduleWith(APP, orders(10))] }),
    snapshotOf({ modules: [moduleWith(APP, orders(40))], afterimage: target({ rss: 7 * MB }) }),
  ]);
  assert.deepEqual([some.process?.[0], some.process?.[1]?.rss], [null, 7 * MB]);
});
