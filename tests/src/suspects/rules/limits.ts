/** Caches that have a limit and have not reached it: what the limit is, and that they come last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suspect } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  collection,
  growthOf,
  large,
  map,
  moduleWith,
  node,
  number,
  object,
  suspectOf,
  text,
  times,
  withSmallIntegers,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const orders = (count: number): Thing[] => times(count, () => large('Order'));

const kept = (make: (count: number) => Thing): Promise<Suspect> =>
  suspectOf((count) => ({ modules: [moduleWith(APP, { sessions: make(count) })] }));

/** A cache with 40 entries at last, under a field. */
const cache =
  (field: string, limit: Thing) =>
  (count: number): Thing =>
    object('Sessions', { entries: map(orders(count)), [field]: limit });

test('a limit in a field, if the snapshot has its value', async () => {
  const { limit, title } = await kept(cache('max', number(1000)));
  assert.deepEqual(limit, { max: 1000, now: 40 });
  assert.equal(title, '30 more Order in sessions.entries (Map): 40 of max 1,000');
  assert.deepEqual((await kept(cache('maxEntries', number(40)))).limit, { max: 40, now: 40 });
});

test('a value that is exceeded is no limit, nor is one that is not positive', async () => {
  for (const value of [39, 0, -1, Infinity, NaN])
    assert.equal((await kept(cache('max', number(value)))).limit, null, String(value));
});

test('a number on the heap whose value is unknown may be Infinity', async () => {
  assert.equal((await kept(cache('max', number()))).limit, null);
  assert.equal((await kept(cache('max', text('100')))).limit, null);
});

test('small integers are known by their names only', async () => {
  const small =
    (field: string, others: Record<string, Thing> = {}) =>
    (count: number) =>
      withSmallIntegers(object('Sessions', { entries: map(orders(count)), ...others }), field);
  const found = await kept(small('max'));
  assert.deepEqual(found.limit, { max: null, now: 40 });
  assert.equal(found.title, '30 more Order in sessions.entries (Map), a cache with a limit: 40 so far');
  for (const field of ['maxSize', 'max_entries', '#maxItems', '_maxElements'])
    assert.notEqual((await kept(small(field))).limit, null, field);
  for (const field of ['limit', 'ttl', 'maxAge', 'size', 'maximum'])
    assert.equal((await kept(small(field))).limit, null, `${field} does not bound the entries`);
  assert.equal((await kept(small('max', { min: text('') }))).limit, null, 'a statistic');
});

test('the limit may be the own field of a collection', async () => {
  const own = (count: number): Thing => collection('LRUMap', orders(count), { max: number(50) });
  assert.deepEqual((await kept(own)).limit, { max: 50, now: 40 });
});

test('only what refers to the collection by a property bounds it', async () => {
  const bounded = object('Sessions', { max: number(50) });
  const inherited = (count: number): Thing => {
    const entries = map(orders(count));
    bounded.edges = bounded.edges.filter(([, name]) => name === 'max');
    bounded.edges.push(['property', '__proto__', entries]);
    return object('Shop', { entries, bounded });
  };
  assert.equal((await kept(inherited)).limit, null);
});

test('a cache that reserves its slots has as many as its arrays', async () => {
  const slots = (count: number): Thing => array([], 16 + 8 * count);
  const lru =
    (reserved: number, links = 2, arrays = 2) =>
    (count: number): Thing => {
      const lists = Object.fromEntries(
        times(arrays, () => slots(reserved)).map((each, at) => [`list${at}`, each]),
      );
      const linked = Object.fromEntries(
        times(links, () => object('Uint16Array')).map((each, at) => [`next${at}`, each]),
      );
      return object('L', { map: map(orders(count)), ...lists, ...linked });
    };
  assert.deepEqual((await kept(lru(100))).limit, { max: 100, now: 40 });
  assert.deepEqual((await kept(lru(40))).limit, { max: 40, now: 40 });
  assert.equal((await kept(lru(39))).limit, null, 'it holds more than its slots');
  assert.equal((await kept(lru(100, 1))).limit, null, 'one array of links');
  assert.equal((await kept(lru(100, 2, 1))).limit, null, 'one array of slots');
  const unlimited = (count: number): Thing => withSmallIntegers(lru(0)(count), 'max');
  assert.equal((await kept(unlimited)).limit, null, 'nothing is reserved, so that max is 0');
});

test('suspects with a limit come last and explain nothing', async () => {
  const { suspects, explainedShare } = await growthOf((count) => ({
    modules: [
      moduleWith(APP, {
        sessions: cache('max', number(1000))(3 * count),
        audit: array(orders(count)),
        bytes: node('object', 'Padding', 10),
      }),
    ],
  }));
  assert.deepEqual(
    suspects.map(({ rank, title }) => [rank, title]),
    [
      [1, '30 more Order in audit (Array)'],
      [2, '90 more Order in sessions.entries (Map): 120 of max 1,000'],
    ],
  );
  assert.ok(explainedShare > 0.24 && explainedShare < 0.26, String(explainedShare));
});

test('a limit may be a getter of the class, or a field of its prototype', async () => {
  const signs = /a cache with a limit that it has not reached/;
  const inheriting =
    (prototype: Thing) =>
    (count: number): Thing =>
      object('LRU', { entries: map(orders(count)), ['__proto__']: prototype });
  const getter = closure(code('get max', APP, 60));
  assert.match((await kept(inheriting(object('LRU', { 'get max': getter })))).summary, signs);
  assert.match((await kept(inheriting(object('LRU', { max: number() })))).summary, signs);
  assert.doesNotMatch((await kept(inheriting(object('LRU', { max: getter })))).summary, signs, 'a method');
  assert.doesNotMatch((await kept(inheriting(object('LRU', { 'get size': getter })))).summary, signs);
  // V8 calls the prototype of some classes Object.
  assert.match((await kept(inheriting(object('Object', { 'get max': getter })))).summary, signs);
});
