/** Which of several holders is named: the one that a reader would look for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  closure,
  code,
  collection,
  commonJs,
  growthOf,
  large,
  map,
  moduleWith,
  object,
  suspectOf,
  times,
  variables,
  type Program,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const OTHER = '/app/reports.js';
const own = code('own', 'node:internal/own', 3);
const inNode = (values: Record<string, Thing>): Thing => closure(own, variables(own, values));

async function holderOf(make: (all: Thing[], count: number) => Program): Promise<string> {
  const { holder } = await suspectOf((count) =>
    make(
      times(count, () => large('Order')),
      count,
    ),
  );
  return holder.name;
}

test('of two collections of the same objects, that with more of them', async () => {
  const both =
    (few: number) =>
    (all: Thing[]): Program => ({
      modules: [
        moduleWith(APP, { recent: map(all.filter((_, at) => at % 10 < few)) }),
        moduleWith(OTHER, { all: array(all) }),
      ],
    });
  assert.equal(await holderOf(both(5)), 'all');
});

test('the program comes before a library, and a library before Node', async () => {
  const library = '/app/node_modules/lru/index.js';
  const two =
    (one: (all: Thing[]) => Program) =>
    (all: Thing[]): Program =>
      one(all);
  assert.equal(
    await holderOf(
      two((all) => ({
        modules: [moduleWith(library, { theirs: map(all) }), moduleWith(APP, { ours: map(all) })],
      })),
    ),
    'ours',
  );
  assert.equal(
    await holderOf((all) => ({
      modules: [moduleWith(library, { theirs: map(all) })],
      roots: { '(Strong roots)': [inNode({ nodes: map(all) })] },
    })),
    'theirs',
  );
  assert.equal(
    await holderOf((all) => ({
      modules: [moduleWith(APP, { ours: map(all.slice(0, all.length * 0.5)) })],
      roots: { '(Strong roots)': [inNode({ nodes: map(all) })] },
    })),
    'ours',
  );
});

test('a collection with less than 0.3 of them does not hold them', async () => {
  const part =
    (share: number) =>
    (all: Thing[]): Program => ({
      modules: [moduleWith(APP, { ours: map(all.filter((_, at) => at % 10 < share)) })],
      roots: { '(Strong roots)': [inNode({ nodes: map(all) })], '(Handle scope)': all },
    });
  assert.equal(await holderOf(part(3)), 'ours');
  assert.notEqual(await holderOf(part(2)), 'ours');
});

test('a collection that leads to them by other objects holds them, up to six references away', async () => {
  const wrapped =
    (steps: number) =>
    (all: Thing[]): Program => ({
      modules: [
        moduleWith(APP, {
          byKey: map(
            all.map((each) => {
              let inner = each;
              for (let step = 1; step < steps; step++) inner = object('Wrapper', { next: inner });
              return inner;
            }),
          ),
        }),
      ],
      roots: { '(Handle scope)': all },
    });
  for (const [steps, isFound] of [
    [1, true],
    [2, true],
    [5, true],
    [6, true],
    [7, false],
  ] as const)
    assert.equal((await holderOf(wrapped(steps))) === 'byKey', isFound, `${steps} references`);
});

test('what they have in common above their holder is not named', async () => {
  const wrapped = (all: Thing[]): Program => ({
    modules: [
      moduleWith(APP, {
        shop: object('Shop', {
          desk: object('Desk', { byKey: map(all.map((each) => object('Entry', { value: each }))) }),
        }),
      }),
    ],
    roots: { '(Handle scope)': all },
  });
  assert.equal(await holderOf(wrapped), 'shop.desk.byKey');
});

test('functions and prototypes are not holders', async () => {
  const run = code('run', APP, 9);
  const called = (all: Thing[]): Program => ({
    modules: [
      moduleWith(APP, { jobs: map(all.map((each) => closure(run, variables(run, { order: each })))) }),
    ],
    roots: { '(Handle scope)': all },
  });
  assert.equal(await holderOf(called), 'jobs');
  const inherited = (all: Thing[]): Program => ({
    modules: [
      moduleWith(APP, {
        kinds: map(
          all.map((each) => {
            const kind = object('Kind');
            kind.edges.push(['property', '__proto__', each]);
            return kind;
          }),
        ),
      }),
    ],
    roots: { '(Handle scope)': all },
  });
  assert.notEqual(await holderOf(inherited), 'kinds');
});

test('weak references count if nothing else leads to them', async () => {
  const weakly = (all: Thing[]): Program => ({
    modules: [
      moduleWith(APP, {
        registered: map(
          all.map((each) => {
            const entry = object('Entry');
            entry.edges.push(['weak', 'target', each]);
            return entry;
          }),
        ),
      }),
    ],
    roots: { '(Handle scope)': all },
  });
  assert.equal(await holderOf(weakly), 'registered');
  const found = await suspectOf((count) => weakly(times(count, () => large('Order'))));
  assert.match(found.pathText, /registered \(Map\) → entries → Entry → target \(Order\)$/);
});

test('a WeakRef to each is not their holder', async () => {
  const refs = (all: Thing[]): Program => ({
    modules: [
      moduleWith(APP, {
        refs: map(all.map((each) => ({ ...object('WeakRef'), edges: [['weak', 'target', each]] }))),
      }),
    ],
    roots: { '(Handle scope)': all },
  });
  assert.equal(await holderOf(refs), 'refs');
});

test('the path leads through the holder, by the shortest way from there', async () => {
  const all = (count: number): Thing[] => times(count, () => large('Order'));
  const { pathText, path } = await suspectOf((count) => {
    const orders = all(count);
    return {
      modules: [
        moduleWith(APP, {
          byId: map(
            orders.map((each) => object('Entry', { constructor: object('C', { order: each }), order: each })),
          ),
        }),
      ],
      roots: { '(Handle scope)': orders },
    };
  });
  assert.match(pathText, /→ byId \(Map\) → entries → Entry → order \(Order\)$/);
  assert.deepEqual(path.at(-1)?.edge, 'order');
});

test('examples are the last ones, and IDs can be looked up', async () => {
  const { examples, holder } = await suspectOf((count) => ({
    modules: [moduleWith(APP, { orders: array(times(count, () => large('Order'))) })],
  }));
  assert.equal(examples.length, 5);
  assert.ok(examples.every((id, at) => at === 0 || id === (examples[at - 1] ?? 0) + 2));
  assert.ok(!examples.includes(holder.id));
});

test('holders of one place are counted, and what only roots hold has none', async () => {
  const carts = (count: number): Thing =>
    map(
      times(20, () =>
        collection(
          'Cart',
          times(count, () => object('Item', {}, 5000)),
        ),
      ),
    );
  const found = await suspectOf((count) => ({
    modules: [moduleWith(APP, { shop: object('Shop', { carts: carts(count) }) })],
  }));
  assert.deepEqual(found.holder.entries, [200, 800]);
  const single = await suspectOf((count) => ({
    modules: [moduleWith(APP, { shop: object('Shop', { orders: map(times(count, () => large('Order'))) }) })],
  }));
  assert.deepEqual(single.holder.instances, [1, 1]);
  const native = await suspectOf((count) => ({
    modules: [commonJs(APP, {})],
    roots: { '(Global handles)': times(count, () => large('Row')) },
  }));
  assert.deepEqual(native.holder.instances, []);
});

test("a few more of something in Node itself are nothing of the program's", async () => {
  const { suspects } = await growthOf(
    (count) => ({
      modules: [commonJs(APP, {})],
      roots: {
        '(Strong roots)': [inNode({ sessions: map(times(count, () => object('Session', {}, 5e6))) })],
      },
    }),
    [1, 5],
  );
  assert.deepEqual(suspects, []);
  const five = await growthOf(
    (count) => ({
      modules: [commonJs(APP, {})],
      roots: {
        '(Strong roots)': [inNode({ sessions: map(times(count, () => object('Session', {}, 5e6))) })],
      },
    }),
    [1, 6],
  );
  assert.equal(five.suspects.length, 1);
});

test('what only leads on to another is no holder, even if that one is not told', async () => {
  const weakMap = (all: Thing[]): Program => ({
    modules: [
      moduleWith(APP, {
        registry: object('Registry', {
          entries: collection(
            'WeakMap',
            all.map((each) => object('Entry', { value: each })),
          ),
        }),
      }),
    ],
    roots: { '(Handle scope)': all },
  });
  assert.doesNotMatch(await holderOf(weakMap), /registry/);
});

test('of several that lead to them by other objects, that with the most', async () => {
  const two = (all: Thing[]): Program => {
    const entries = (part: Thing[]): Thing => map(part.map((each) => object('Entry', { value: each })));
    return {
      modules: [
        moduleWith('/app/a.js', { some: entries(all.filter((_, at) => at % 10 < 5)) }),
        moduleWith('/app/b.js', { most: entries(all.filter((_, at) => at % 10 < 9)) }),
        moduleWith('/app/c.js', { few: entries(all.filter((_, at) => at % 10 < 4)) }),
      ],
      roots: { '(Handle scope)': all },
    };
  };
  assert.equal(await holderOf(two), 'most');
});
