/** Listeners are told by their emitter and event; those of several events on one emitter are one suspect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  closure,
  code,
  growthOf,
  large,
  LARGE,
  map,
  moduleWith,
  object,
  suspectOf,
  times,
  type Thing,
  type Things,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const onData = code('onData', APP, 9, 3);
const listeners = (count: number): Thing => array(times(count, () => closure(onData, undefined, LARGE)));

const emitter = (events: Things, className = 'EventEmitter', list = '_events'): Thing =>
  object(className, { [list]: object('Object', events) });

async function titleOf(make: (count: number) => Things): Promise<string> {
  return (await suspectOf((count) => ({ modules: [moduleWith(APP, make(count))] }))).title;
}

test('the emitter is called by its name and class', async () => {
  for (const [name, className, called] of [
    ['bus', 'EventEmitter', 'bus (EventEmitter)'],
    ['Bus', 'Bus', 'Bus'],
    ['this', 'Server', 'Server'],
    ['global', 'Server', 'Server'],
  ] as const)
    assert.equal(
      await titleOf((count) => ({ [name]: emitter({ data: listeners(count) }, className) })),
      `30 more listeners for 'data' on ${called}`,
    );
});

test('a private field is called with its owner', async () => {
  const client = (count: number, field: string): Things => ({
    client: object('Client', { [field]: emitter({ data: listeners(count) }) }),
  });
  assert.equal(
    await titleOf((count) => client(count, '#bus')),
    "30 more listeners for 'data' on client.#bus (EventEmitter)",
  );
  assert.equal(
    await titleOf((count) => client(count, 'bus')),
    "30 more listeners for 'data' on bus (EventEmitter)",
  );
});

test('lists of other libraries are lists of listeners, too', async () => {
  for (const list of ['<symbol kEvents>', '_eventListeners', 'eventListeners', '_listeners', 'listenersMap'])
    assert.equal(
      await titleOf((count) => ({ bus: emitter({ data: listeners(count) }, 'Bus', list) })),
      "30 more listeners for 'data' on bus (Bus)",
      list,
    );
  const unlike = await titleOf((count) => ({ bus: emitter({ data: listeners(count) }, 'Bus', 'events') }));
  assert.equal(unlike, '30 more functions onData() in bus.events.data (Array)');
});

test('objects that are called listeners are listeners, and others in such a list are not', async () => {
  const of = (className: string) => (count: number) => ({
    bus: object('EventTarget', { kEvents: map(times(count, () => large(className))) }),
  });
  assert.equal(await titleOf(of('Listener')), '30 more listeners on bus (EventTarget)');
  assert.equal(await titleOf(of('Order')), '30 more Order in bus.kEvents (Map)');
});

test('what a listener refers to is not a listener', async () => {
  const kept = (count: number): Thing => {
    const made = closure(onData);
    const orders = map(times(count, () => closure(onData, undefined, LARGE)));
    made.edges.push(['property', 'state', object('State', { orders })]);
    return made;
  };
  assert.equal(
    await titleOf((count) => ({
      bus: emitter({ data: object('A', { b: object('B', { c: kept(count) }) }) }),
    })),
    '30 more functions onData() in state.orders (Map)',
  );
});

test('an event that is a symbol is called by its description', async () => {
  const title = await titleOf((count) => ({ bus: emitter({ '<symbol closed>': listeners(count) }) }));
  assert.equal(title, "30 more listeners for 'closed' on bus (EventEmitter)");
});

test('events that get as many listeners are named together, at most four', async () => {
  const together = async (...names: string[]): Promise<string> =>
    titleOf((count) => ({ bus: emitter(Object.fromEntries(names.map((name) => [name, listeners(count)]))) }));
  assert.equal(await together('b', 'a'), "30 more listeners for each of 'a' and 'b' on bus (EventEmitter)");
  assert.equal(
    await together('d', 'c', 'b', 'a'),
    "30 more listeners for each of 'a', 'b', 'c' and 'd' on bus (EventEmitter)",
  );
  assert.equal(
    await together('f', 'e', 'd', 'c', 'b', 'a'),
    "30 more listeners for each of 'a', 'b', 'c', 'd' and 2 more on bus (EventEmitter)",
  );
});

test('events with unlike growth are parts of one suspect, which has the name of the largest', async () => {
  const { suspects } = await growthOf((count) => ({
    modules: [moduleWith(APP, { bus: emitter({ data: listeners(count), end: listeners(2 * count) }) })],
  }));
  const [first] = suspects;
  assert.equal(suspects.length, 1);
  assert.equal(first?.title, "60 more listeners for 'end' on bus (EventEmitter)");
  assert.deepEqual(
    first.parts.map(({ title, count }) => [title, count]),
    [["30 more listeners for 'data' on bus (EventEmitter)", 30]],
  );
});

test('two emitters are two suspects', async () => {
  const { suspects } = await growthOf((count) => ({
    modules: [
      moduleWith(APP, { one: emitter({ data: listeners(count) }), two: emitter({ data: listeners(count) }) }),
    ],
  }));
  assert.deepEqual(suspects.map(({ title }) => title).sort(), [
    "30 more listeners for 'data' on one (EventEmitter)",
    "30 more listeners for 'data' on two (EventEmitter)",
  ]);
});
