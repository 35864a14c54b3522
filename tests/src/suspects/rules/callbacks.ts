/** The program's functions in what Node or a library holds show where it comes from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suspect } from '@afterimage/snapshot';
import {
  array,
  bound,
  closure,
  code,
  collection,
  commonJs,
  dictionary,
  large,
  moduleWith,
  object,
  suspectOf,
  times,
  variables,
  withConstructor,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const poll = code('poll', APP, 30, 9);
const tick = code('tick', APP, 40, 9);
const own = code('own', 'node:internal/timers', 3);
/** A closure for each, over variables of its own. */
const polling = (): Thing => closure(poll, variables(poll, { n: object('Counter') }));
const shared = closure(tick);

const program = (element: (n: number) => Thing) => (count: number) => ({
  modules: [commonJs(APP, { start: closure(code('start', APP, 50)) })],
  roots: {
    '(Strong roots)': [
      closure(
        own,
        variables(own, { timerListMap: dictionary([collection('TimersList', times(count, element))]) }),
      ),
    ],
  },
});

/** A timer in Node's lists. */
const timers = async (element: (n: number) => Thing): Promise<Suspect> => suspectOf(program(element));

const where = ({ locations }: Suspect): [string, number][] =>
  locations.map(({ function: name, line }) => [name, line]);

test('what most timers call is in the title, and where it is comes first', async () => {
  const found = await timers(() => large('Timeout', { _onTimeout: polling() }));
  assert.equal(found.title, "30 more Timeout calling poll() in Node's timer lists");
  assert.deepEqual(where(found), [['poll', 30]]);
  assert.match(found.pathText, /Timeout.* → poll\(\)$/);
});

test('a callback of less than half is not in the title, and one of less than 0.3 not in the locations', async () => {
  const some = (share: number) => (n: number) =>
    large('Timeout', { _onTimeout: n % 10 < share ? polling() : object('None') });
  assert.match((await timers(some(6))).title, / calling poll\(\) in /);
  const few = await timers(some(4));
  assert.equal(few.title, "30 more Timeout in Node's timer lists");
  assert.deepEqual(where(few), [['poll', 30]]);
});

test('the nearest callback comes first', async () => {
  const two = (near: Thing, far: Thing): Thing =>
    large('Timeout', { _onTimeout: near, context: object('Context', { later: far }) });
  const pushing = (): Thing => closure(tick, variables(tick, { n: object('Counter') }));
  assert.deepEqual(where(await timers(() => two(polling(), pushing()))), [
    ['poll', 30],
    ['tick', 40],
  ]);
  assert.deepEqual(where(await timers(() => two(pushing(), polling()))), [
    ['tick', 40],
    ['poll', 30],
  ]);
});

test("the program's callback comes before one of a library, and an own one before a shared one", async () => {
  const library = code('retry', '/app/node_modules/retry/index.js', 5);
  const ofLibrary = (): Thing => closure(library, variables(library, { n: object('Counter') }));
  const both = await timers(() => large('Timeout', { a: ofLibrary(), b: polling() }));
  assert.match(both.title, / calling poll\(\) in /);
  const sharing = await timers(() => large('Timeout', { a: shared, b: polling() }));
  assert.match(sharing.title, / calling poll\(\) in /);
  const nearer = await timers(() => large('Timeout', { a: shared, b: object('B', { c: ofLibrary() }) }));
  assert.match(nearer.title, / calling retry\(\) in /);
});

test('a function that all share is told if it is near', async () => {
  assert.match((await timers(() => large('Timeout', { a: shared }))).title, / calling tick\(\) in /);
  assert.match(
    (await timers(() => large('Timeout', { a: object('A', { b: shared }) }))).title,
    / calling tick\(\) in /,
  );
  const far = await timers(() => large('Timeout', { a: object('A', { b: object('B', { c: shared }) }) }));
  assert.match(far.title, /more Timeout in Node's/);
});

test('a bound function calls what it was bound to', async () => {
  const found = await timers(() => large('Timeout', { _onTimeout: bound(bound(polling())) }));
  assert.match(found.title, / calling poll\(\) in /);
  assert.deepEqual(where(found), [['poll', 30]]);
});

test("a callback behind one of Node's functions is found", async () => {
  const wrapped = (): Thing => closure(own, variables(own, { listener: polling() }));
  const found = await timers(() => large('Timeout', { _onTimeout: wrapped() }));
  assert.match(found.title, / calling poll\(\) in /);
});

test("what Node's functions lead to comes last, because it is much", async () => {
  const much = (): Thing =>
    closure(
      own,
      variables(
        own,
        Object.fromEntries(times(200, () => object('Inner')).map((each, at) => [`v${at}`, each])),
      ),
    );
  const found = await timers(() =>
    large('Timeout', { a: much(), b: object('B', { c: object('C', { d: polling() }) }) }),
  );
  assert.match(found.title, / calling poll\(\) in /);
});

test('a callback more than seven references away is not found', async () => {
  const deep = (depth: number): Thing => {
    let holder = object('D', { f: polling() });
    for (let step = 2; step < depth; step++) holder = object('D', { d: holder });
    return large('Timeout', { d: holder });
  };
  assert.match((await timers(() => deep(7))).title, / calling poll\(\) in /);
  assert.doesNotMatch((await timers(() => deep(8))).title, / calling /);
});

test('what a constructor leads to is not called', async () => {
  const found = await timers(() => withConstructor(large('Timeout'), 'Timeout', { poll: polling() }));
  assert.doesNotMatch(found.title, / calling /);
});

test('what the program itself holds is told by its class', async () => {
  const jobs = await suspectOf((count) => ({
    modules: [moduleWith(APP, { jobs: array(times(count, () => large('Job', { run: polling() }))) })],
  }));
  assert.equal(jobs.title, '30 more Job in jobs (Array)');
  assert.match(jobs.pathText, /\[20\] Job → poll\(\)$/);
  const sockets = await suspectOf((count) => ({
    modules: [moduleWith(APP, { open: array(times(count, () => large('Socket', { onclose: polling() }))) })],
  }));
  assert.equal(sockets.title, '30 more Socket calling poll() in open (Array)');
});
