/** What counts as growth: places in the structure with ever more or ever larger objects, by figures on either side of each rule. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff, type Suspect } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  collection,
  commonJs,
  dictionary,
  growthOf,
  LARGE,
  large,
  map,
  moduleWith,
  node,
  object,
  snapshotOf,
  text,
  times,
  variables,
  type Thing,
  type Program,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';

async function suspectsOf(make: (count: number) => Things, counts?: readonly number[]): Promise<Suspect[]> {
  return (await growthOf((count) => ({ modules: [moduleWith(APP, make(count))] }), counts)).suspects;
}

async function titles(make: (count: number) => Things, counts?: readonly number[]): Promise<string[]> {
  return (await suspectsOf(make, counts)).map(({ title }) => title);
}

const orders = (count: number, size = LARGE): Things => ({
  orders: array(times(count, () => object('Order', {}, size))),
});
/** Something else that takes bytes and does not grow. */
const ballast = (size: number): Things => ({ ballast: object('Ballast', {}, size) });

test('counts tell whether it grows', async () => {
  for (const [counts, grows] of [
    [[10, 40], true],
    [[10, 10], false],
    [[40, 10], false],
    [[10, 25, 40], true],
    [[10, 40, 40], false],
    [[10, 8, 40], false],
    [[10, 40, 51], false],
    [[10, 40, 52], true],
    [[0, 30, 60], true],
  ] as const)
    assert.equal((await titles(orders, counts)).length, grows ? 1 : 0, counts.join());
});

test('growth of a few objects counts if they are large', async () => {
  assert.deepEqual(await titles((count) => orders(count, 600_000), [10, 11]), [
    '1 more Order in orders (Array)',
  ]);
  const beside = (count: number): Things => ({
    ...orders(count),
    logs: array(times(count === 10 ? 1 : 5, () => object('Log', {}, 2 * LARGE))),
  });
  assert.deepEqual(await titles(beside, [10, 40]), [
    '30 more Order in orders (Array)',
    '4 more Log in logs (Array)',
  ]);
});

test('more objects than random coming and going explains', async () => {
  assert.equal((await titles((count) => orders(count, 20_000), [100, 130])).length, 1);
  assert.equal((await titles((count) => orders(count, 20_000), [100, 129])).length, 0);
  assert.equal((await titles((count) => orders(count, 20_000), [400, 459])).length, 0);
  assert.equal((await titles((count) => orders(count, 20_000), [400, 460])).length, 1);
});

test('growth of 256 kB, and at least a hundredth of the heap, is reported', async () => {
  const grown =
    (bytes: number, heap = 0) =>
    (count: number): Things => ({
      ...orders(count, Math.round(bytes / 30) - 8),
      ...ballast(heap),
    });
  assert.equal((await titles(grown(257_000))).length, 1);
  assert.equal((await titles(grown(254_000))).length, 0);
  assert.equal((await titles(grown(400_000, 39e6))).length, 1);
  assert.equal((await titles(grown(400_000, 41e6))).length, 0);
});

test('less is reported if it grows by a hundred or more, and regularly', async () => {
  const bytes =
    (each: number) =>
    (count: number): Things =>
      orders(count, each - 8);
  const two = [1000, 1100];
  assert.equal((await titles(bytes(650), two)).length, 1);
  assert.equal((await titles(bytes(630), two)).length, 0, 'less than 64 kB');
  assert.equal((await titles(bytes(650), [1000, 1099])).length, 0);
  assert.equal((await titles(bytes(330), [1000, 1050, 1100])).length, 1);
  assert.equal((await titles(bytes(310), [1000, 1050, 1100])).length, 0, 'less than 32 kB');
  assert.equal((await titles(bytes(330), [1000, 1058, 1101])).length, 0, 'the steps differ');
  assert.equal((await titles(bytes(330), [1000, 1057, 1100])).length, 1);
});

test('a field of objects that become no more may fill up', async () => {
  const routes =
    (all: (count: number) => number, each = 400) =>
    (count: number): Things => ({
      routes: array(
        times(all(count), (n) => object('Route', n < count ? { pattern: text(`/${n}`, each) } : {})),
      ),
    });
  const counts = [1000, 1200, 1400];
  assert.deepEqual(
    await titles(
      routes(() => 2000),
      counts,
    ),
    [],
  );
  assert.deepEqual(
    await titles(
      routes((count) => 2000 + Math.ceil(count / 100)),
      counts,
    ),
    [],
  );
  assert.equal(
    (
      await titles(
        routes((count) => count + 600),
        counts,
      )
    ).length,
    1,
    'the objects become more',
  );
  assert.equal(
    (
      await titles(
        routes(() => 2000, 700),
        counts,
      )
    ).length,
    1,
    'more than 256 kB',
  );
  const list = (count: number): Things => ({ list: array(times(count, (n) => text(`/${n}`, 400))) });
  assert.equal((await titles(list, counts)).length, 1, 'elements of a collection');
});

test('what grows below something that grows counts with it', async () => {
  const found = await suspectsOf((count) => ({
    orders: array(
      times(count, () => large('Order', { items: array(times(5, () => object('Item', {}, 1000))) })),
    ),
  }));
  assert.deepEqual(
    found.map(({ title, bytes }) => [title, bytes]),
    [['30 more Order in orders (Array)', 30 * (LARGE + 8 + 32 + 16 + 5 * 8 + 5000)]],
  );
});

test('objects that get bigger are told by what grows in them', async () => {
  const carts = (count: number): Things => ({
    carts: array(
      times(20, () => object('Cart', { items: array(times(count, () => object('Item', {}, 5000))) })),
    ),
  });
  assert.deepEqual(await titles(carts), ['600 more Item in carts.items (Array)']);
  const few = (count: number): Things => ({
    carts: array(
      times(count, () =>
        object('Cart', { items: array(times(count * count, () => object('Item', {}, 1000))) }),
      ),
    ),
  });
  assert.match(
    (await titles(few, [10, 16]))[0] ?? '',
    /more Item in /,
    'the new ones explain less than half',
  );
});

test('a place that grows in size is the object itself', async () => {
  const buffer = (count: number): Things => ({ numbers: array([], 1000 * count) });
  const [found] = await suspectsOf(buffer, [1000, 1500, 2000]);
  assert.equal(found?.title, 'numbers (Array) grew');
  assert.deepEqual([found.count, found.bytes, found.counts], [0, 1_000_000, [1, 1, 1]]);
  assert.deepEqual(found.holder.instances, [1, 1, 1]);
  assert.deepEqual(await titles(buffer, [1000, 2000, 2000]), [], 'the last step is nothing');
  assert.deepEqual(
    await titles(buffer, [1000, 1000, 2000]),
    ['numbers (Array) grew'],
    'arrays grow in leaps',
  );
  assert.deepEqual(await titles(buffer, [1000, 1000, 1000, 2000]), [], 'but not once in a while');
  assert.deepEqual(await titles(buffer, [1000, 900, 2000]), []);
  const created = (count: number): Things => (count > 0 ? buffer(count) : {});
  assert.deepEqual(await titles(created, [0, 2000, 3000]), [], 'it was not there');
});

test("V8's own data is no leak of the program", async () => {
  for (const make of [
    () => node('code', 'system / Script', LARGE),
    () => node('object shape', 'system / Map', LARGE),
    () => node('native', 'system / Foreign', LARGE),
  ])
    assert.deepEqual(await titles((count) => ({ orders: map(times(count, make)) })), []);
  assert.deepEqual(
    await titles((count) => ({ orders: map(times(count, () => node('symbol', 'x', LARGE))) })),
    ['30 more (symbol) in orders (Map)'],
  );
});

test('cells of a registry are told by it', async () => {
  // Two ways lead to each cell, so that it is no part of either.
  const cells =
    (className: string) =>
    (count: number): Things => {
      const all = times(count, () => node('hidden', 'system / WeakCell', LARGE));
      const registry = object(className, { tokens: collection('Map', all) });
      registry.edges.push(...all.map((cell, at): Thing['edges'][number] => ['internal', String(at), cell]));
      return { registry };
    };
  const [found] = await suspectsOf(cells('FinalizationRegistry'));
  assert.equal(found?.title, '30 more (system) in registry (FinalizationRegistry)');
  assert.equal(found.kind, 'weak-references');
  assert.deepEqual(await titles(cells('Registry')), []);
});

test('functions of the same code are one place, of other code another', async () => {
  const [one, other] = [code('run', APP, 9), code('run', APP, 19)];
  const functions = (count: number): Things => ({
    jobs: array([
      ...times(count, () => closure(one, undefined, LARGE)),
      ...times(Math.ceil(count / 2), () => closure(other, undefined, LARGE)),
    ]),
  });
  const [found] = await suspectsOf(functions);
  assert.equal(found?.title, '30 more functions run() in jobs (Array)');
  assert.equal(found.bytes, 45 * (LARGE + 8));
});

test('generated functions with numbers in their names are one place, of a file they are not', async () => {
  const generated =
    (script: string) =>
    (count: number): Things => ({
      rules: array(
        times(count, (n) => ({
          ...node('closure', `rule${n}`, LARGE),
          edges: closure(code(`rule${n}`, script, 5)).edges,
        })),
      ),
    });
  assert.match((await titles(generated('')))[0] ?? '', /^30 more functions rule\d+\(\) in rules \(Array\)$/);
  assert.deepEqual(await titles(generated(APP)), []);
});

test('variables of one function are one place', async () => {
  const open = code('open', APP, 9);
  const close = code('close', APP, 12);
  const found = await suspectsOf((count) => ({
    open: closure(open),
    closers: map(times(count, () => variables(open, { order: text('x') }, undefined, LARGE))),
    close: closure(close),
  }));
  assert.equal(found[0]?.title, '30 more sets of variables of open() in closers (Map)');
});

test('keys of an object that is used as a map are one place, fields of others are not', async () => {
  const fields = (count: number): Things => ({
    byId: dictionary(
      times(count, () => large('Order')),
      (n) => `id-${'x'.repeat(n)}`,
    ),
  });
  assert.deepEqual(await titles(fields, [25, 60]), ['35 more Order in byId (Object)']);
  assert.deepEqual(
    await titles(fields, [24, 60]),
    ['60 more Order in byId (Object)'],
    '24 fields are no map yet',
  );
  const numbered = (count: number): Things => ({
    byId: dictionary(
      times(count, () => large('Order')),
      (n) => `id${n}`,
    ),
  });
  assert.deepEqual(await titles(numbered, [4, 20]), ['16 more Order in byId (Object)']);
});

test('links of a chain are one place, with up to six kinds of them', async () => {
  const chain =
    (kinds: number) =>
    (count: number): Things => {
      let first = large('Link0');
      for (let n = 1; n < count * kinds; n++) first = large(`Link${n % kinds}`, { next: first });
      return { first };
    };
  assert.equal((await titles(chain(1))).length, 1);
  assert.equal((await titles(chain(6))).length, 1);
  const unfolded = await growthOf((count) => ({ modules: [moduleWith(APP, chain(7)(count))] }));
  assert.deepEqual(
    unfolded.suspects.map(({ count }) => count).filter((count) => count > 5),
    [],
  );
});

test('a few huge objects do not make many small ones grow', async () => {
  // Nine carts grow by small amounts; the tenth holds nearly everything.
  const carts = (count: number): Things => ({
    carts: array(
      times(count, (n) =>
        object(
          'Cart',
          n === 0 ? { log: array(times(50 * count, () => object('Line', {}, 1000))) } : {},
          1000,
        ),
      ),
    ),
  });
  assert.deepEqual(await titles(carts, [10, 40]), ['1,500 more Line in carts.log (Array)']);
});

test('classes, totals and dominators tell the same growth', async () => {
  const program = (count: number) => ({
    modules: [
      moduleWith(APP, {
        ...orders(count),
        buffer: node('native', 'system / JSArrayBufferData', 1000 * count),
      }),
    ],
    nativeBytes: 10 * count,
  });
  const growth = await growthOf(program, [10, 40]);
  assert.equal(growth.growth.bytes, 30 * LARGE + 30 * 8 + 30_000);
  assert.equal(growth.growth.nodes, 30);
  assert.deepEqual(growth.outsideHeap, { bytes: 30_300, arrayBufferBytes: 30_000 });
  assert.deepEqual(
    growth.classes.map(({ name, counts, shallowBytes }) => [name, counts, shallowBytes]),
    [
      ['Order', [10, 40], [10 * LARGE, 40 * LARGE]],
      ['system / JSArrayBufferData', [1, 1], [10_000, 40_000]],
      ['Array', [1, 1], [128, 368]],
    ],
  );
  assert.deepEqual(growth.dominators, [
    { name: 'orders (Array)', counts: [10, 40], bytes: [10 * LARGE, 40 * LARGE] },
    ...growth.dominators.slice(1),
  ]);
  const sum = growth.dominators.reduce((all, { bytes }) => all + (bytes[1] ?? 0) - (bytes[0] ?? 0), 0);
  assert.equal(sum, growth.growth.bytes);
});

test('classes that shrink come last, and those that do not change are left out', async () => {
  const { classes, suspects, explainedShare } = await diff([
    snapshotOf({ modules: [moduleWith(APP, { ...orders(10), logs: array(times(20, () => large('Log'))) })] }),
    snapshotOf({ modules: [moduleWith(APP, { ...orders(40), logs: array(times(10, () => large('Log'))) })] }),
  ]);
  assert.deepEqual(
    classes.map(({ name }) => name),
    ['Order', 'Array', 'Log'],
  );
  assert.equal(suspects[0]?.share, 1, 'no more than all');
  assert.equal(explainedShare, 1);
});

test('of many dominators, those with the largest changes are rows', async () => {
  const many = (count: number): Things =>
    Object.fromEntries(
      times(25, (n) =>
        collection(
          'Map',
          times(count, () => object('Order', {}, 1000 + n)),
        ),
      ).map((each, n) => [`map${'abcdefghijklmnopqrstuvwxy'[n] ?? ''}`, each]),
    );
  const { dominators, growth } = await growthOf((count) => ({ modules: [moduleWith(APP, many(count))] }));
  assert.equal(dominators.length, 20);
  assert.equal(dominators[0]?.name, 'mapy (Map)');
  assert.equal(dominators[19]?.name, '(all others)');
  assert.deepEqual(dominators[19].counts, [6 * 10 + 25, 6 * 40 + 25], 'six Maps, and the Maps themselves');
  const sum = dominators.reduce((all, { bytes }) => all + (bytes[1] ?? 0) - (bytes[0] ?? 0), 0);
  assert.equal(sum, growth.bytes);
});

test('a diff needs two snapshots', async () => {
  await assert.rejects(
    growthOf(() => ({ modules: [commonJs(APP, {})] }), [1]),
    /needs two snapshots or more, not 1/,
  );
});

test('what two snapshots show for the first time is new, unless it is half of the growth or many', async () => {
  const library = '/app/node_modules/parser/index.js';
  // The table is there only in the second snapshot; something else grows, too.
  const created =
    (script: string, size: number, others: number, isThere = false) =>
    (count: number): Program => ({
      modules: [
        ...(count > 0
          ? [moduleWith(script, { table: array(times(30, () => object('Rule', {}, size))) })]
          : []),
        ...(count === 0 && isThere ? [moduleWith(script, { table: array([]) })] : []),
        moduleWith('/app/b.js', orders(10 + others * Math.min(1, count))),
      ],
    });
  const found = async (make: (count: number) => Program): Promise<boolean> =>
    (await growthOf(make, [0, 1])).suspects.some(({ title }) => title.includes('Rule'));
  assert.ok(await found(created(APP, LARGE, 29)));
  assert.ok(!(await found(created(APP, LARGE, 31))));
  assert.ok(!(await found(created(library, LARGE, 29))), 'a library brings its tables');
  assert.ok(!(await found(created(APP, LARGE, 31, true))), 'an empty collection was there');
  assert.ok(await found(created(APP, LARGE, 29, true)));
});

test('modules that a program loads are not growth, unless they keep coming', async () => {
  const loading = (count: number): Program => ({
    modules: [
      moduleWith(APP, {
        loaded: array(times(count, (n) => large('Module', { filename: text(`/app/lib/${n}.js`) }))),
      }),
    ],
  });
  assert.deepEqual((await growthOf(loading, [10, 200])).suspects, []);
  assert.deepEqual((await growthOf(loading, [10, 100, 120])).suspects, []);
  assert.equal((await growthOf(loading, [10, 100, 190])).suspects.length, 1);
});

test('growth whose source is unknown is reported only if it is large', async () => {
  const ballast = object('Ballast', {}, 1);
  const unlocated =
    (size: number, others: number) =>
    (count: number): Program => ({
      modules: [commonJs(APP, {}), moduleWith('/app/b.js', { ballast, ...orders(others * count) })],
      roots: { '(Stack roots)': times(count, () => object('Frame', {}, size)) },
    });
  const found = async (make: (count: number) => Program): Promise<boolean> =>
    (await growthOf(make)).suspects.some(({ title }) => title.includes('Frame'));
  assert.ok(await found(unlocated(34_000, 1)));
  assert.ok(!(await found(unlocated(33_000, 1))), 'less than a megabyte');
  assert.ok(!(await found(unlocated(LARGE, 10))), 'less than a tenth of the growth');
});

test('a place is called by the name that the program gave it, if there is one', async () => {
  const names = async (
    ...edges: [type: 'internal' | 'property' | 'hidden', name: string | number][]
  ): Promise<string> => {
    const { dominators } = await growthOf((count) => {
      const held = map(times(count, () => large('Order')));
      const shop = object('Shop');
      shop.edges.push(...edges.map(([type, name]): Thing['edges'][number] => [type, name, held]));
      return { modules: [moduleWith(APP, { shop })] };
    });
    return dominators[0]?.name ?? '';
  };
  assert.equal(await names(['internal', 'slot'], ['property', 'orders']), 'orders (Map)');
  assert.equal(await names(['property', 'orders'], ['internal', 'slot']), 'orders (Map)');
  assert.equal(await names(['internal', 'slot'], ['hidden', 5]), 'slot (Map)');
  assert.equal(await names(['hidden', 5], ['property', 'orders']), 'orders (Map)');
  assert.equal(await names(['property', '<symbol kOrders>']), 'kOrders (Map)');
  assert.equal(await names(['hidden', 5]), 'Map');
});

test('a dominator of which much went is a row, too', async () => {
  const many = (count: number): Things => ({
    ...Object.fromEntries(
      times(24, (n) => map(times(count, () => object('Order', {}, 1000 + n)))).map((each, n) => [
        `map${'abcdefghijklmnopqrstuvwx'[n] ?? ''}`,
        each,
      ]),
    ),
    shrinking: map(times(50 - count, () => large('Log'))),
  });
  const { dominators } = await growthOf((count) => ({ modules: [moduleWith(APP, many(count))] }));
  assert.equal(dominators[0]?.name, 'mapx (Map)');
  assert.equal(dominators.at(-2)?.name, 'shrinking (Map)');
  assert.equal(dominators.at(-1)?.name, '(all others)');
});
