/** Accumulations with one cause are one suspect, with the others as its parts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suspect } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  commonJs,
  growthOf,
  LARGE,
  large,
  map,
  moduleWith,
  node,
  object,
  text,
  times,
  variables,
  type Program,
  type Thing,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';

interface Told {
  title: string;
  parts: string[];
}

const told = (suspects: readonly Suspect[]): Told[] =>
  suspects.map(({ title, parts }) => ({ title, parts: parts.map((part) => part.title) }));

async function suspectsOf(make: (count: number) => Program, counts?: readonly number[]): Promise<Suspect[]> {
  return (await growthOf(make, counts)).suspects;
}

const inShop =
  (make: (count: number) => Things, className = 'Shop') =>
  (count: number): Program => ({
    modules: [moduleWith(APP, { shop: object(className, make(count)) })],
  });

test('collections of one object that grow alike are one suspect', async () => {
  const keysAndValues = (count: number): Things => ({
    keys: array(times(count, () => large('Key'))),
    values: array(times(count, () => object('Value', {}, 2 * LARGE))),
  });
  const suspects = await suspectsOf(inShop(keysAndValues));
  assert.deepEqual(told(suspects), [
    { title: '30 more Value in shop.values (Array)', parts: ['30 more Key in shop.keys (Array)'] },
  ]);
  const [{ bytes, share, count, parts }] = suspects as [Suspect];
  assert.equal(bytes, 30 * 3 * LARGE + 2 * 30 * 8);
  assert.equal(share, 1);
  assert.equal(count, 30);
  assert.deepEqual(
    parts.map(({ class: className, count, bytes, holder }) => [className, count, bytes, holder.name]),
    [['Key', 30, 30 * LARGE + 30 * 8, 'shop.keys']],
  );
});

test('those of a plain object are not, nor those that grow otherwise', async () => {
  const two =
    (factor: number) =>
    (count: number): Things => ({
      one: array(times(count, () => large('One'))),
      two: array(times(factor * count, () => large('Two'))),
    });
  assert.equal((await suspectsOf(inShop(two(1)))).length, 1);
  assert.equal((await suspectsOf(inShop(two(1), 'Object'))).length, 2);
  assert.equal((await suspectsOf(inShop(two(2)))).length, 2);
  const later = (count: number): Things => ({
    one: array(times(count, () => large('One'))),
    two: array(times(count === 20 ? 25 : count, () => large('Two'))),
  });
  assert.equal((await suspectsOf(inShop(later), [10, 20, 40])).length, 2, 'the steps differ');
});

const own = code('own', 'node:internal/timers', 3);
const poll = code('poll', APP, 30, 9);

/** Timers in Node's lists, and global handles of something that each of them leads to. */
const timers =
  (leads: (n: number, row: Thing) => Things, rowsPer = 1) =>
  (count: number): Program => {
    const rows = times(rowsPer * count, () => large('Row'));
    const timeouts = times(count, (n) =>
      large('Timeout', {
        _onTimeout: closure(poll, variables(poll, { n: object('Counter') })),
        ...leads(n, rows[n] ?? large('Row')),
      }),
    );
    return {
      modules: [commonJs(APP, { poll: closure(poll) })],
      roots: {
        '(Strong roots)': [closure(own, variables(own, { timerListMap: map(timeouts) }))],
        '(Global handles)': rows,
        // So that all of them are at one place, whether a timer leads to them or not.
        '(Eternal handles)': rows,
      },
    };
  };

test('what native code holds belongs to what Node holds and what leads to it', async () => {
  const merged = [
    {
      title: "30 more Timeout calling poll() in Node's timer lists",
      parts: ['30 more Row held by native code'],
    },
  ];
  assert.deepEqual(told(await suspectsOf(timers((_, row) => ({ row })))), merged);
  const deep =
    (steps: number) =>
    (_: number, row: Thing): Things => {
      let holder: Thing = row;
      for (let step = 1; step < steps; step++) holder = object('Inner', { next: holder });
      return { row: holder };
    };
  assert.deepEqual(told(await suspectsOf(timers(deep(3)))), merged);
  assert.equal((await suspectsOf(timers(deep(4)))).length, 2, 'too far away');
});

test('most elements must lead there, each to its own, and both grow by the same number', async () => {
  const some =
    (share: number) =>
    (n: number, row: Thing): Things =>
      n % 10 < share ? { row } : {};
  assert.equal((await suspectsOf(timers(some(8)))).length, 1);
  assert.equal((await suspectsOf(timers(some(4)))).length, 2);
  const one = large('Row');
  assert.equal((await suspectsOf(timers(() => ({ row: one })))).length, 2, 'one that all lead to');
  assert.equal((await suspectsOf(timers((_, row) => ({ row }), 2))).length, 2, 'twice as many');
});

test("a program's own collections stay apart, even if one leads to the other", async () => {
  const orders = (count: number): Program => {
    const all = times(count, () => large('Order'));
    return {
      modules: [
        moduleWith(APP, { orders: array(all) }),
        moduleWith('/app/ship.js', {
          parcels: array(times(count, (n) => large('Parcel', { order: all[n] as Thing }))),
        }),
      ],
    };
  };
  assert.equal((await suspectsOf(orders)).length, 2);
});

test('the first of several is that with the most bytes, the program before a library', async () => {
  const in_ = (script: string, name: string, count: number, size: number): Thing =>
    moduleWith(script, { [name]: array(times(count, () => object('Order', {}, size))) });
  const names = async (...modules: ((count: number) => Thing)[]): Promise<string[]> =>
    (await suspectsOf((count) => ({ modules: modules.map((make) => make(count)) }))).map(
      ({ holder }) => holder.name,
    );
  const library = '/app/node_modules/lru/index.js';
  assert.deepEqual(
    await names(
      (count) => in_('/app/a.js', 'small', count, LARGE),
      (count) => in_('/app/b.js', 'large', count, 2 * LARGE),
    ),
    ['large', 'small'],
  );
  assert.deepEqual(
    await names(
      (count) => in_('/app/a.js', 'own', count, LARGE),
      (count) => in_(library, 'theirs', count, 1.2 * LARGE),
    ),
    ['own', 'theirs'],
  );
  assert.deepEqual(
    await names(
      (count) => in_('/app/a.js', 'own', count, LARGE),
      (count) => in_(library, 'theirs', count, 1.3 * LARGE),
    ),
    ['theirs', 'own'],
  );
});

test('of what one holder keeps, the heaviest is named, but strings and keys count less', async () => {
  const both =
    (strings: number) =>
    (count: number): Program => ({
      modules: [
        moduleWith(APP, {
          byName: map(times(2 * count, (n) => (n % 2 === 0 ? text('key', strings) : large('Order')))),
        }),
      ],
    });
  assert.equal((await suspectsOf(both(2 * LARGE)))[0]?.title, '30 more Order in byName (Map)');
  const strings = await suspectsOf(both(3 * LARGE));
  assert.equal(strings[0]?.title, '30 more strings in byName (Map)');
  assert.equal(strings[0].bytes, 30 * 4 * LARGE + 2 * 30 * 24);
});

test('what several roots hold has nothing in common', async () => {
  const suspects = await suspectsOf((count) => ({
    modules: [commonJs(APP, { Shop: closure(code('Shop', APP, 3)) })],
    roots: {
      '(Global handles)': [
        ...times(count, () => large('Row')),
        ...times(2 * count, () => large('Statement')),
      ],
    },
  }));
  assert.deepEqual(suspects.map(({ title }) => title).sort(), [
    '30 more Row held by native code',
    '60 more Statement held by native code',
  ]);
});

test('what explains less than a fiftieth of the first is left out', async () => {
  const two =
    (size: number) =>
    (count: number): Program => ({
      modules: [
        moduleWith(APP, {
          orders: array(times(count, () => object('Order', {}, 50 * size))),
          logs: array(times(count, () => object('Log', {}, LARGE))),
          rest: node('object', 'Rest', 1),
        }),
      ],
    });
  assert.equal((await suspectsOf(two(0.98 * LARGE))).length, 2);
  assert.equal((await suspectsOf(two(1.02 * LARGE))).length, 1);
});

test('what grows by the same amount each time comes before what grows in leaps', async () => {
  const names = async (leaping: number): Promise<string[]> => {
    const suspects = await suspectsOf(
      (count) => ({
        modules: [
          moduleWith('/app/a.js', { even: array(times(count, () => large('Order'))) }),
          moduleWith('/app/b.js', {
            leaping: array(times(count === 20 ? 12 : count, () => object('Order', {}, leaping))),
          }),
        ],
      }),
      [10, 20, 30],
    );
    return suspects.map(({ holder }) => holder.name);
  };
  assert.deepEqual(await names(1.7 * LARGE), ['even', 'leaping']);
  assert.deepEqual(await names(1.9 * LARGE), ['leaping', 'even']);
});

test("what a program's module leads to through one of Node is Node's", async () => {
  const names = async (size: number): Promise<string[]> => {
    const suspects = await suspectsOf((count) => {
      const held = map(times(count, () => object('Order', {}, size)));
      const builtin = object('ModuleWrap', { url: text('node:own'), held });
      return {
        modules: [moduleWith('/app/a.js', { ours: array(times(count, () => large('Order'))) })],
        roots: {
          '(Strong roots)': [
            object('ModuleWrap', { url: text('file:///app/b.mjs'), builtin }),
            closure(poll),
          ],
        },
      };
    });
    return suspects.map(({ holder }) => holder.name);
  };
  assert.deepEqual(await names(2.8 * LARGE), ['ours', 'builtin.held']);
  assert.deepEqual(await names(2.9 * LARGE), ['builtin.held', 'ours']);
});

test('listeners tell more than what else is on their emitter', async () => {
  const onData = code('onData', APP, 9);
  const suspects = await suspectsOf((count) => ({
    modules: [
      moduleWith(APP, {
        bus: object('EventEmitter', {
          _events: object('Object', {
            data: array(times(count, () => closure(onData, undefined, 1000))),
            meta: array(times(count, () => large('Meta'))),
          }),
        }),
      }),
    ],
  }));
  assert.deepEqual(told(suspects), [
    {
      title: "30 more listeners for 'data' on bus (EventEmitter)",
      parts: ['30 more Meta in bus._events.meta (Array)'],
    },
  ]);
});
