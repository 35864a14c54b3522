/** What the holder of a leak is called: the program's names for it, its class, and whose it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  closure,
  code,
  commonJs,
  edgesOf,
  large,
  LARGE,
  map,
  moduleWith,
  node,
  object,
  suspectOf,
  text,
  times,
  variables,
  withConstructor,
  type Program,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const orders = (count: number): Thing[] => times(count, () => large('Order'));
/** Orders whose constructor is known, where nothing else tells where to look. */
const located = (count: number): Thing[] =>
  times(count, () => ({ ...large('Order'), source: { script: APP, line: 3, column: 1 } }));
const shop = closure(code('Shop', APP, 3, 1));

interface Expected {
  name: string;
  class?: string;
  owner: string;
  title: string;
  path: string;
}

async function assertHolder(make: (count: number) => Program, expected: Partial<Expected>): Promise<void> {
  const { holder, title, pathText } = await suspectOf(make);
  const found: Expected = { ...holder, title, path: pathText };
  const keys = Object.keys(expected) as (keyof Expected)[];
  assert.deepEqual(Object.fromEntries(keys.map((key) => [key, found[key]])), expected);
}

test('a variable of a module', () =>
  assertHolder((count) => ({ modules: [moduleWith(APP, { orders: map(orders(count)) })] }), {
    name: 'orders',
    class: 'Map',
    owner: APP,
    title: '30 more Order in orders (Map)',
    path: `module.exports of ${APP} → use: use() → orders (Map) → entries → Order`,
  }));

test('what a module exports', () =>
  assertHolder((count) => ({ modules: [commonJs(APP, { orders: array(located(count)) })] }), {
    name: 'orders',
    owner: `module ${APP}`,
    title: '30 more Order in orders (Array)',
    path: `module.exports of ${APP} → orders (Array) → [20] Order`,
  }));

test('a variable of a function that its closures share', () => {
  const open = code('open', APP, 20);
  const close = code('close', APP, 25);
  return assertHolder(
    (count) => ({
      modules: [
        commonJs(APP, {
          open: closure(open),
          close: closure(close, variables(open, { orders: map(orders(count)) })),
        }),
      ],
    }),
    { name: 'orders', owner: `open() of ${APP}`, title: '30 more Order in orders (Map)' },
  );
});

test('the variables themselves are called by their function', () => {
  const open = code('open', APP, 20);
  const entries = (count: number): Record<string, Thing> =>
    Object.fromEntries(orders(count).map((order, at) => [`order${at}`, order]));
  return assertHolder(
    (count) => ({
      modules: [
        commonJs(APP, {
          open: closure(open),
          close: closure(code('close', APP), variables(open, entries(count))),
        }),
      ],
    }),
    { name: 'variables of open()', class: 'variables of open()', owner: `open() of ${APP}` },
  );
});

test('a property of the global object', () =>
  assertHolder(
    (count) => ({ modules: [commonJs(APP, { Shop: shop })], globals: { orders: map(located(count)) } }),
    {
      name: 'orders',
      owner: 'globalThis',
      title: '30 more Order in orders (Map)',
      path: 'orders (Map) → entries → Order',
    },
  ));

test('a collection in an object has all names of the way, at most three', async () => {
  const nested = (count: number, ...names: string[]): Thing =>
    names.reduceRight((inside, name) => object('Object', { [name]: inside }), map(orders(count)));
  for (const [names, name] of [
    [['orders'], 'shop.orders'],
    [['today', 'orders'], 'shop.today.orders'],
    [['state', 'today', 'orders'], 'state.today.orders'],
  ] as const) {
    await assertHolder((count) => ({ modules: [moduleWith(APP, { shop: nested(count, ...names) })] }), {
      name,
    });
  }
});

test('a symbol is called by its description, and `this` by its class', async () => {
  const symbol = (count: number): Thing => object('Agent', { '<symbol kSessions>': map(orders(count)) });
  await assertHolder((count) => ({ modules: [moduleWith(APP, { agent: symbol(count) })] }), {
    name: 'agent.kSessions',
    title: '30 more Order in agent.kSessions (Map)',
  });
  const self = (count: number): Thing => object('Agent', { orders: map(orders(count)) });
  await assertHolder((count) => ({ modules: [moduleWith(APP, { this: self(count) })] }), {
    name: 'Agent.orders',
  });
});

test('elements of a collection are called by their class in what leads there', async () => {
  const nested = (count: number): Thing => map([map(orders(count))]);
  await assertHolder((count) => ({ modules: [moduleWith(APP, { shops: nested(count) })] }), {
    name: 'Map in shops',
    title: '30 more Order in Map in shops',
  });
  const listed = (count: number): Thing => array([array(orders(count))]);
  await assertHolder((count) => ({ modules: [moduleWith(APP, { shops: listed(count) })] }), {
    title: '30 more Order in Array in shops',
  });
});

test('without a module or function, the owner is the object of a class that leads there', () =>
  assertHolder(
    (count) => ({
      modules: [commonJs(APP, { Shop: shop })],
      globals: { shop: object('Shop', { cache: object('Cache', { orders: map(located(count)) }) }) },
    }),
    { name: 'shop.cache.orders', owner: 'Cache' },
  ));

test("what one of Node's modules leads to is called by that module", () => {
  const listen = code('listen', 'node:net', 9);
  const server = (count: number): Thing =>
    closure(listen, variables(listen, { pending: map(located(count)) }), 64);
  return assertHolder(
    (count) => ({ modules: [commonJs(APP, { Shop: shop })], globals: { listen: server(count) } }),
    { name: 'pending', owner: 'node:net', path: 'node:net → pending (Map) → entries → Order' },
  );
});

test('a function that holds them is called with parentheses', () => {
  const held = (count: number): Thing => {
    const poll = closure(code('poll', APP, 7));
    poll.edges.push(
      ...edgesOf('property', Object.fromEntries(orders(count).map((each, at) => [`o${at}`, each]))),
    );
    return poll;
  };
  return assertHolder((count) => ({ modules: [commonJs(APP, { poll: held(count) })] }), {
    name: 'poll',
    class: 'poll()',
    owner: `module ${APP}`,
    title: '40 more Order in poll (poll())',
  });
});

test("an object whose prototype was set later has its constructor's name", async () => {
  const later = (name: string): Thing => withConstructor(object('EventTarget', {}, LARGE), name);
  for (const [make, className] of [
    [() => later('AbortSignal'), 'AbortSignal'],
    [() => later('Object'), 'EventTarget'],
    [() => later(''), 'EventTarget'],
    [() => withConstructor(large('Order'), 'Other'), 'Order'],
  ] as const) {
    const found = await suspectOf((count) => ({
      modules: [moduleWith(APP, { all: array(times(count, make)) })],
    }));
    assert.equal(found.class, className);
  }
});

test('roots have names that an engineer knows', async () => {
  for (const [root, name] of [
    ['(Stack roots)', 'functions that run (the stack)'],
    ['(Micro tasks)', 'the microtask queue'],
    ['(Handle scope)', 'native code that runs (V8 handle scope)'],
    ['(Strong root list)', 'V8'],
    ['(Unheard of)', '(Unheard of)'],
  ] as const)
    await assertHolder(
      (count) => ({ modules: [commonJs(APP, { Shop: shop })], roots: { [root]: located(count) } }),
      { name, class: 'references from native code', owner: name },
    );
});

test('names of strings and numbers say what they are', async () => {
  for (const [make, title] of [
    [() => text('x', LARGE), '30 more strings in all (Array)'],
    [() => node('number', 'heap number', LARGE), '30 more numbers in all (Array)'],
    [() => node('regexp', '/x/', LARGE), '30 more RegExp in all (Array)'],
    [() => node('closure', '', LARGE), '30 more functions in all (Array)'],
  ] as const) {
    const found = await suspectOf((count) => ({
      modules: [moduleWith(APP, { all: array(times(count, make)) })],
    }));
    assert.equal(found.title, title);
  }
});

test('the global object is called globalThis, under each name that V8 gives it', async () => {
  for (const name of ['global', 'global / https://shop.example', 'global (global*)']) {
    const global = (count: number): Thing => object(name, { orders: map(located(count)) });
    // Since Node 26, V8's record of the context comes first.
    for (const root of [
      global,
      (count: number) =>
        node('hidden', 'system / NativeContext', 0, [['internal', 'global_object', global(count)]]),
    ])
      await assertHolder((count) => ({ modules: [commonJs(APP, { Shop: shop })], handles: [root(count)] }), {
        owner: 'globalThis',
        name: 'orders',
      });
  }
});

test('what is reached without a root of a name is held by the process', () =>
  assertHolder(
    (count) => ({
      modules: [commonJs(APP, { Shop: shop })],
      handles: [object('Object', { orders: map(located(count)) })],
    }),
    { owner: 'the process', name: 'orders' },
  ));
