/** Where to look: functions in what accumulates, then those on the way to it, then those that share its variables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  closure,
  code,
  commonJs,
  large,
  map,
  moduleWith,
  object,
  suspectOf,
  times,
  variables,
  type Code,
  type Program,
  type Source,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const at = (line: number, column = 1): Source => ({ script: APP, line, column });

async function functionsOf(make: (count: number) => Program): Promise<string[]> {
  const { locations } = await suspectOf(make);
  return locations.map(({ function: name, line, column }) => `${name}:${line}:${column}`);
}

test('the constructor of the elements comes first, then what is inside them', async () => {
  const item = code('Item', APP, 12);
  const order = (): Thing => ({
    ...large('Order', { item: { ...object('Item'), source: item.source } }),
    source: at(4, 7),
  });
  assert.deepEqual(
    await functionsOf((count) => ({
      modules: [
        moduleWith(APP, { orders: array(times(count, order)) }),
        commonJs('/app/item.js', { Item: closure(item) }),
      ],
    })),
    ['Order:4:7', 'Item:12:1', 'use:2:5'],
  );
});

test('of several kinds of elements, the most frequent comes first', async () => {
  const element = (n: number): Thing => ({
    ...large(n % 3 === 0 ? 'Paid' : 'Open'),
    source: n % 3 === 0 ? at(5) : at(9),
  });
  const [first, second] = await functionsOf((count) => ({
    modules: [moduleWith(APP, { kept: array(times(count, (n) => object('Box', { of: element(n) }))) })],
  }));
  assert.deepEqual([first, second], ['Open:9:1', 'Paid:5:1']);
});

test('the body of a module says little: everything in it is made there', async () => {
  const body = (): Thing => ({ ...object('Inner'), source: at(1, 1) });
  const order = (): Thing => large('Order', { inner: body() });
  const found = await functionsOf((count) => ({
    modules: [moduleWith(APP, { orders: array(times(count, order)) })],
  }));
  assert.deepEqual(found, ['use:2:5', 'Inner:1:1']);
});

test('functions that share the variables on the way can change them', async () => {
  const [open, add, close] = [code('open', APP, 20), code('add', APP, 22), code('close', APP, 26)];
  const found = await functionsOf((count) => {
    const shared = variables(open, { orders: map(times(count, () => large('Order'))) });
    shared.edges.push(['context', 'add', closure(add, shared)]);
    return { modules: [commonJs(APP, { close: closure(close, shared), open: closure(open) })] };
  });
  assert.deepEqual(found, ['close:26:1', 'add:22:1']);
});

test('no more than eight are told, and none of Node', async () => {
  const codes = Array.from({ length: 12 }, (_, n) => code(`f${n}`, n === 0 ? 'node:events' : APP, 100 + n));
  const found = await functionsOf((count) => ({
    modules: [
      moduleWith(APP, {
        jobs: array(times(count, (n) => large('Job', { run: closure(codes[n % 12] as Code) }))),
      }),
    ],
  }));
  assert.equal(found.length, 8);
  assert.ok(found.every((each) => /^f[1-9]/.test(each)));
});

test('the class of an accumulated generator is the function that runs', async () => {
  const poll = code('poll', APP, 30, 9);
  const generator = (): Thing => ({
    ...large('Generator'),
    edges: [['internal', 'function', closure(poll)]],
    source: poll.source,
  });
  const found = await functionsOf((count) => ({
    modules: [moduleWith(APP, { running: array(times(count, generator)) })],
  }));
  assert.equal(found[0], 'poll:30:9');
});
