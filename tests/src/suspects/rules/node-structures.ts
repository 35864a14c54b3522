/** What accumulates in structures of Node itself: the structure, what adds to it, and what empties it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suspect } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  collection,
  commonJs,
  dictionary,
  growthOf,
  large,
  map,
  moduleWith,
  object,
  suspectOf,
  text,
  times,
  variables,
  type Program,
  type Thing,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
/** A variable of one of Node's modules. */
const inNode = (script: string, values: Things): Thing => {
  const own = code('own', script, 3);
  return closure(own, variables(own, values));
};
const shop = (constants: Thing[] = []): Thing =>
  commonJs(APP, { measure: closure(code('measureOrder', APP, 12, 5, constants)) });
const many = (className: string, count: number): Thing[] => times(count, () => large(className));

/** Of this many in a variable of a Node module; the program's function has names in its bytecode. */
async function suspectIn(
  script: string,
  make: (count: number) => Things,
  constants: string[] = [],
  counts?: readonly number[],
): Promise<Suspect> {
  const program = (count: number): Program => ({
    modules: [shop(constants.map((name) => text(name)))],
    roots: { '(Strong roots)': [inNode(script, make(count))] },
  });
  return suspectOf(program, counts);
}

test('each structure is named, with what empties it', async () => {
  const rows: [string, string, string, (count: number) => Things, string, RegExp][] = [
    [
      'performance-entries',
      'node:internal/perf/observe',
      "Node's performance timeline",
      (count) => ({ markEntryBuffer: array(many('PerformanceMark', count)) }),
      'PerformanceMark',
      /performance\.clearMarks\(\)/,
    ],
    [
      'modules',
      'node:internal/modules/esm/loader',
      "Node's ES module cache",
      (count) => ({ loadCache: map(many('Source', count)) }),
      'Source',
      /^Import one URL/,
    ],
    [
      'modules',
      'node:internal/modules/esm/loader',
      "Node's ES module cache",
      (count) => ({ cache: collection('LoadCache', many('Source', count)) }),
      'Source',
      /^Import one URL/,
    ],
    [
      'timers',
      'node:internal/timers',
      "Node's timer lists",
      (count) => ({ timerListMap: dictionary([collection('TimersList', many('Timeout', count))]) }),
      'Timeout',
      /clearInterval/,
    ],
    [
      'timers',
      'node:internal/timers',
      "Node's timer lists",
      (count) => ({ list: collection('TimersList', many('Order', count)) }),
      'Order',
      /clearInterval/,
    ],
    [
      'abort-listeners',
      'node:internal/abort_controller',
      "Node's registry of AbortSignals",
      (count) => ({ gcPersistentSignals: collection('Set', many('AbortSignal', count)) }),
      'AbortSignal',
      /remove the listeners/i,
    ],
    [
      'abort-listeners',
      'node:internal/abort_controller',
      "Node's registry of AbortSignals",
      (count) => ({ dependantSignalsCleanupRegistry: collection('Set', many('Cell', count)) }),
      'Cell',
      /remove the listeners/i,
    ],
  ];
  for (const [kind, script, place, make, className, advice] of rows) {
    const found = await suspectIn(script, make);
    assert.equal(found.title, `30 more ${className} in ${place}`);
    assert.equal(found.kind, kind);
    assert.match(found.advice, advice);
    assert.doesNotMatch(found.summary, / of node:/, 'the structure says more than the module');
  }
});

test('resource timings are reported if there are more than Node keeps by default', async () => {
  const timings = (count: number): Things => ({
    resourceTimingBuffer: array(many('PerformanceResourceTiming', count)),
  });
  const found = await suspectIn('node:internal/perf/resource_timing', timings, [], [100, 251]);
  assert.equal(found.title, "151 more PerformanceResourceTiming in Node's resource timing buffer");
  assert.match(found.advice, /clearResourceTimings\(\)/);
  await assert.rejects(
    suspectIn('node:internal/perf/resource_timing', timings, [], [100, 250]),
    /nothing is/,
  );
});

test("a structure of a program's own object is called by that object", async () => {
  const agent = (count: number): Thing =>
    object('Agent', { freeSockets: dictionary([array(times(count, () => large('Socket')))]) });
  const own = await suspectOf((count) => ({ modules: [moduleWith(APP, { agent: agent(count) })] }));
  assert.equal(own.title, '30 more Socket in agent.freeSockets.key0 (Array)');
  assert.equal(own.kind, 'sockets');
  assert.match(own.advice, /maxFreeSockets/);
  const nodes = await suspectIn('node:_http_agent', (count) => ({ globalAgent: agent(count) }));
  assert.equal(nodes.title, '30 more Socket in the idle sockets of an http.Agent');
});

test("a name that only begins like a structure's is the program's own", async () => {
  for (const name of ['markEntryBufferSize', 'myTimerListMap', 'freeSocketsByHost']) {
    const found = await suspectOf((count) => ({
      modules: [moduleWith(APP, { [name]: map(times(count, () => large('Order'))) })],
    }));
    assert.equal(found.title, `30 more Order in ${name} (Map)`);
  }
});

test('a variable of the program that is named like one of Node is one', async () => {
  const found = await suspectOf((count) => ({
    modules: [moduleWith(APP, { loadCache: map(times(count, () => large('Order'))) })],
  }));
  assert.equal(found.kind, 'modules');
});

test('the functions that add to it are found by the names in their bytecode', async () => {
  const marks = (count: number): Things => ({ markEntryBuffer: array(many('PerformanceMark', count)) });
  const caller = await suspectIn('node:internal/perf/observe', marks, ['performance', 'mark']);
  assert.deepEqual(caller.locations[0], {
    function: 'measureOrder',
    script: APP,
    line: 12,
    column: 5,
    package: null,
  });
  const other = await suspectIn('node:internal/perf/observe', marks, ['performance', 'now']);
  assert.deepEqual(other.locations, []);
});

test('callers: the program before its libraries, those with more of the names first, at most four', async () => {
  const library = '/app/node_modules/apm/index.js';
  const functions = (
    [
      ['wrap', library, 'mark', 'measure', 'clearMarks'],
      ['one', APP, 'mark'],
      ['two', APP, 'mark', 'measure'],
      ['none', APP, 'now'],
      ['own', 'node:perf_hooks', 'mark'],
      ['three', APP, 'mark', 'measure', 'clearMarks'],
      ['four', APP, 'mark'],
    ] as const
  ).map(([name, script, ...called], at) =>
    closure(
      code(
        name,
        script,
        10 + at,
        1,
        called.map((each) => text(each)),
      ),
    ),
  );
  const { suspects } = await growthOf((count) => ({
    modules: [commonJs(APP, Object.fromEntries(functions.map((each, at) => [`f${at}`, each])))],
    roots: {
      '(Strong roots)': [
        inNode('node:internal/perf/observe', { markEntryBuffer: array(many('PerformanceMark', count)) }),
      ],
    },
  }));
  const called = suspects[0]?.locations.map((location) => location.function);
  assert.deepEqual(called, ['three', 'two', 'one', 'four']);
});
