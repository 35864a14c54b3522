/** What makes each element heavy, if that is not the element itself: what it keeps, how much, by which names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  bound,
  closure,
  code,
  collection,
  map,
  moduleWith,
  node,
  object,
  suspectOf,
  text,
  times,
  variables,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const onError = code('onError', APP, 9);

async function weightOf(element: (n: number) => Thing): Promise<string | null> {
  const found = await suspectOf((count) => ({
    modules: [moduleWith(APP, { kept: array(times(count, element)) })],
  }));
  return found.weight;
}

const heavy = (className = 'Response', size = 20_000): Thing => object(className, {}, size);

test('the heavy object is named with its size and the way to it', async () => {
  const found = await weightOf(() => object('Socket', { parser: object('Parser', { response: heavy() }) }));
  assert.equal(found, 'each keeps a Response (20 kB) by parser.response');
  assert.equal(
    await weightOf(() => object('Order', { a: object('A', { '<symbol kInvoice>': heavy('Invoice') }) })),
    'each keeps an Invoice (20 kB) by a.kInvoice',
  );
});

test('sizes have one decimal if they are small or large', async () => {
  for (const [size, shown] of [
    [9_940, '9.9 kB'],
    [10_000, '10 kB'],
    [999_499, '999 kB'],
    [1_250_000, '1.3 MB'],
  ] as const)
    assert.equal(
      await weightOf(() => object('Order', { a: object('A', { b: heavy('Invoice', size) }) })),
      `each keeps an Invoice (${shown}) by a.b`,
    );
});

test('what is near is an ordinary part, except of what Node made', async () => {
  assert.equal(await weightOf(() => object('Order', { invoice: heavy() })), null);
  assert.equal(
    await weightOf(() => object('Timeout', { order: heavy('Order') })),
    'each keeps an Order (20 kB) by order',
  );
  assert.equal(await weightOf(() => object('TimeoutPolicy', { order: heavy('Order') })), null);
});

test('an element that is heavy itself keeps nothing', async () => {
  const share = (own: number): Promise<string | null> =>
    weightOf(() => ({ ...object('Order', { a: object('A', { b: heavy('B', 20_000) }) }), size: own }));
  assert.match((await share(36_000)) ?? '', /^each keeps a B /);
  assert.equal(await share(38_000), null);
});

test('a better name further down is taken if it keeps nearly as much', async () => {
  const inner = (size: number): Thing =>
    object('Order', {
      a: object('A', { request: { ...object('Request', { body: heavy('Body', size) }), size: 10_000 } }),
    });
  assert.equal(await weightOf(() => inner(25_000)), 'each keeps a Body (25 kB) by a.request.body');
  assert.equal(await weightOf(() => inner(22_000)), 'each keeps a Request (32 kB) by a.request');
});

test('classes that say nothing stand for what they are part of', async () => {
  for (const [what, make] of Object.entries({
    array: () => array([], 20_000),
    map: () => map(times(20, () => text('x', 1000))),
    object: () => heavy('Object'),
    bytes: () => heavy('Uint8Array'),
    buffer: () => heavy('Buffer'),
    promise: () => heavy('Promise'),
  })) {
    const found = await weightOf(() =>
      object('Order', { a: object('A', { request: object('Request', { parts: make() }) }) }),
    );
    assert.match(found ?? '', /^each keeps a Request \(2\d kB\) by a\.request$/, what);
  }
});

test('text and bytes are named without a class', async () => {
  const only = (thing: () => Thing): Promise<string | null> =>
    weightOf(() => object('Timeout', { list: collection('Object', [], { data: thing() }) }));
  assert.equal(await only(() => text('x', 20_000)), 'each keeps a string (20 kB) by list.data');
  assert.equal(
    await only(() => node('native', 'system / JSArrayBufferData', 20_000)),
    'each keeps memory of a buffer (20 kB) by list.data',
  );
});

test('functions and variables on the way are told, and none of it twice', async () => {
  const listening = (name: string): Thing =>
    closure(code(name, APP, 9), variables(onError, { request: heavy('Request') }));
  const element = (listener: Thing): Thing => object('Socket', { onerror: listener });
  assert.equal(
    await weightOf(() => element(listening('onError'))),
    'each keeps a Request (20 kB) by onerror.onError().request',
  );
  assert.equal(
    await weightOf(() => element(listening('onerror'))),
    'each keeps a Request (20 kB) by onerror.request',
  );
  assert.equal(
    await weightOf(() => element(listening(''))),
    'each keeps a Request (20 kB) by onerror.request',
  );
  assert.equal(
    await weightOf(() => element(bound(listening('onError')))),
    'each keeps a Request (20 kB) by onerror.onError().request',
  );
});

test('of many names, the first three and the last are told', async () => {
  const deep = (names: string[]): Thing =>
    names.reduceRight((inside, name) => object('Object', { [name]: inside }), heavy());
  const of = async (...names: string[]): Promise<string> =>
    (await weightOf(() => object('Order', { a: deep(names) }))) ?? '';
  assert.match(await of('b', 'c', 'd', 'e'), / by a\.b\.c\.d\.e$/);
  assert.match(await of('b', 'c', 'd', 'e', 'f'), / by a\.b\.c\.…\.f$/);
});

test('a chain of elements, and light elements, keep nothing', async () => {
  const chain = await suspectOf((count) => {
    let first = object('Link', {}, 20_000);
    for (let n = 0; n < count; n++) first = object('Link', { via: object('Via', { next: first }) }, 20_000);
    return { modules: [moduleWith(APP, { first })] };
  });
  assert.equal(chain.weight, null);
  const many = await suspectOf((count) => ({
    modules: [
      moduleWith(APP, {
        kept: array(times(50 * count, () => object('Order', { a: object('A', { b: heavy('B', 800) }) }, 10))),
      }),
    ],
  }));
  assert.equal(many.weight, null);
});

test('a few light elements do not count', async () => {
  const element = (n: number): Thing =>
    n % 3 === 0 ? object('Order') : object('Order', { a: object('A', { b: heavy('B') }) });
  assert.match((await weightOf(element)) ?? '', /^each keeps a B /);
});

test('its function is where to look', async () => {
  const found = await suspectOf((count) => ({
    modules: [
      moduleWith(APP, {
        kept: array(
          times(count, () =>
            object('Socket', {
              onerror: closure(onError, variables(onError, { request: heavy('Request') })),
            }),
          ),
        ),
      }),
    ],
  }));
  assert.deepEqual(
    found.locations.map(({ function: name }) => name),
    ['onError', 'use'],
  );
});
