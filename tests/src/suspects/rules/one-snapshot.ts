/** What one snapshot shows: large accumulations of the program, not what modules, Node and V8 consist of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAccumulations, findSuspects } from '@afterimage/snapshot';
import {
  array,
  bound,
  closure,
  code,
  collection,
  commonJs,
  dictionary,
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
  type Program,
  type Thing,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';

async function titles(program: Program): Promise<string[]> {
  return findSuspects(await snapshotOf(program)).map(({ title }) => title);
}

const inModule = (values: Things): Program => ({ modules: [moduleWith(APP, values)] });
const orders = (count: number, size = LARGE): Thing => map(times(count, () => object('Order', {}, size)));

/** Besides a ballast that is most of the heap, so that nothing else is large by itself. */
const beside = (ballast: number, values: Things): Program =>
  inModule({ ...values, ballast: object('Ballast', {}, ballast) });
const besides = async (ballast: number, values: Things): Promise<string[]> =>
  (await titles(beside(ballast, values))).filter((title) => !title.startsWith('ballast'));

test('twenty or more for each of what holds them are many', async () => {
  assert.deepEqual(await besides(2e8, { orders: orders(20) }), ['20 Order in orders (Map)']);
  assert.deepEqual(await besides(2e8, { orders: orders(19) }), []);
  const carts = (each: number): Things => ({ carts: array([orders(each), orders(each)]) });
  assert.deepEqual(await besides(2e8, carts(20)), ['40 Order in Map in carts']);
  assert.deepEqual(await besides(2e8, carts(19)), []);
});

test('one object that is large is told, too', async () => {
  assert.deepEqual(await besides(1e6, { list: array([], 30_000) }), []);
  assert.deepEqual(await besides(1e6, { list: array([], 100_000) }), ['list (Array) is large']);
  const [found] = findSuspects(await snapshotOf(inModule({ list: array([], 100_000) })));
  assert.equal(
    found?.summary,
    `list (Array) is large in ${APP} (line 2): if there are ever more of them, bound it, or keep a sum.`,
  );
  const inside = object('Report', { text: text('x', 60_000) }, 50_000);
  assert.deepEqual(await besides(1e6, { report: inside }), [], 'most of it is in another');
});

test('64 kB, and 0.5 % of the heap, are worth saying', async () => {
  assert.equal((await besides(1, { orders: orders(100, 640) })).length, 1);
  assert.equal((await besides(1, { orders: orders(100, 639) })).length, 0);
  assert.equal((await besides(19.8e6, { orders: orders(100, 1000) })).length, 1);
  assert.equal((await besides(20e6, { orders: orders(100, 1000) })).length, 0);
});

test('what is inside one is not told again', async () => {
  const nested = map(
    times(100, () => large('Order', { items: array(times(50, () => object('Item', {}, 1000))) })),
  );
  assert.deepEqual(await titles(inModule({ orders: nested })), ['100 Order in orders (Map)']);
});

test('the largest come first, at most ten', async () => {
  const many = Object.fromEntries(
    times(12, (n) => orders(100, 1000 * (n + 1))).map((each, n) => [`m${'abcdefghijkl'[n] ?? ''}`, each]),
  );
  const found = await titles(inModule(many));
  assert.equal(found.length, 10);
  assert.equal(found[0], '100 Order in ml (Map)');
  const { suspects } = findAccumulations(await snapshotOf(inModule(many)), { most: 2 });
  assert.deepEqual(
    suspects.map(({ rank, title }) => [rank, title]),
    [
      [1, '100 Order in ml (Map)'],
      [2, '100 Order in mk (Map)'],
    ],
  );
});

test('modules, their code and tables are not told', async () => {
  const many = (className: string): Thing => array(times(100, () => large(className)));
  for (const [what, values] of Object.entries<Things>({
    modules: { children: many('Module') },
    jobs: { jobs: many('ModuleJob') },
    'a table of V8': { primordials: orders(100) },
    'a cache of modules': {
      cache: collection(
        'LoadCache',
        times(100, () => large('Order')),
      ),
    },
    exports: { lib: object('Module', { exports: array(times(100, () => large('Order'))) }) },
    'below primordials': { x: object('X', { primordials: object('Y', { z: orders(100) }) }) },
    'below a script': { x: node('code', 'system / Script', 8, [['internal', 'data', orders(100)]]) },
  }))
    assert.deepEqual(
      (await titles(inModule(values))).filter((each) => !each.includes('copies')),
      [],
      what,
    );
});

test('variables of functions lead to much that is not theirs', async () => {
  const open = code('open', APP, 9);
  const values = Object.fromEntries(times(100, () => large('Order')).map((each, at) => [`v${at}`, each]));
  const program = { modules: [commonJs(APP, { open: closure(open, variables(open, values)) })] };
  assert.deepEqual(await titles(program), []);
});

test('what nothing in the source tells is not told', async () => {
  const globals = { orders: orders(100) };
  assert.deepEqual(await titles({ modules: [commonJs(APP, {})], globals }), []);
  const located = map(times(100, () => ({ ...large('Order'), source: { script: APP, line: 3, column: 1 } })));
  assert.deepEqual(await titles({ modules: [commonJs(APP, {})], globals: { orders: located } }), [
    '100 Order in orders (Map)',
  ]);
});

test('native code must hold five hundred of a class that says something', async () => {
  const held = (className: string, count: number): Program => ({
    modules: [commonJs(APP, {})],
    roots: { '(Global handles)': times(count, () => object(className, {}, 1000)) },
  });
  assert.deepEqual(await titles(held('Row', 500)), ['500 Row held by native code']);
  assert.deepEqual(await titles(held('Row', 499)), []);
  assert.deepEqual(await titles(held('Object', 500)), []);
  assert.deepEqual(await titles(held('Array', 500)), []);
});

test('listeners are told by their event', async () => {
  const listening = (count: number): Thing =>
    object('EventEmitter', {
      _events: dictionary([array(times(count, () => closure(code('onData', APP, 9), undefined, LARGE)))]),
    });
  assert.deepEqual(await titles(inModule({ bus: listening(100) })), [
    "100 listeners for 'key0' on bus (EventEmitter)",
  ]);
});

test('what is said about chains and promises in variables', async () => {
  const open = code('open', APP, 9);
  const chained = (className: string): Program => {
    let first = large(className);
    for (let n = 0; n < 100; n++) first = large(className, { next: first });
    return { modules: [commonJs(APP, { open: closure(open, variables(open, { first })) })] };
  };
  assert.equal((await titles(chained('Link'))).length, 1);
  assert.equal((await titles(chained('Promise'))).length, 1);
});

test('what it does not cover is said', async () => {
  const notCovered = async (afterimage?: object): Promise<string[]> =>
    findAccumulations(
      await snapshotOf({ modules: [commonJs(APP, {})], ...(afterimage ? { afterimage } : {}) }),
    ).notCovered;
  const single =
    'One snapshot cannot show growth: these are the largest accumulations, which may be as large as they should be.';
  const elsewhere =
    'Worker threads have heaps of their own, and native memory is in no heap: neither was looked at.';
  assert.deepEqual(await notCovered(), [single, elsewhere]);
  assert.deepEqual(await notCovered({ version: '1.0.0', redaction: 'names' }), [
    single,
    'Names were redacted: things that differ only by name may be missing.',
    elsewhere,
  ]);
  assert.deepEqual(await notCovered({ version: '1.0.0', redaction: 'strings', by: 'reader' }), [
    single,
    "Objects of Node's own C++ code were not looked at: the heap was read out of an image.",
    elsewhere,
  ]);
});

test('a bound function is called by what it calls', async () => {
  const run = closure(code('run', APP, 9));
  assert.deepEqual(
    await titles(inModule({ jobs: array(times(100, () => ({ ...bound(run), size: LARGE }))) })),
    ['100 functions run() in jobs (Array)'],
  );
});
