/** What a leak is called, and what is advised: by what accumulates, by what holds it, by the way to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SuspectKind } from '@afterimage/snapshot';
import {
  array,
  bound,
  closure,
  code,
  collection,
  dictionary,
  large,
  LARGE,
  map,
  moduleWith,
  node,
  number,
  object,
  suspectOf,
  text,
  times,
  variables,
  withSmallIntegers,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const onData = code('onData', APP, 9, 3);

type Shape = (count: number) => Thing;
const arrayOf =
  (className: string): Shape =>
  (count) =>
    array(times(count, () => large(className)));
const orders = (count: number): Thing[] => times(count, () => large('Order'));
const functions = (count: number): Thing[] => times(count, () => closure(onData, undefined, LARGE));

/** The variable `kept` of a module leads to it. */
const kept = async (make: Shape, counts?: readonly number[]): ReturnType<typeof suspectOf> =>
  suspectOf((count) => ({ modules: [moduleWith(APP, { kept: make(count) })] }), counts);

async function assertKinds(rows: Record<string, [SuspectKind, Shape, title?: string]>): Promise<void> {
  for (const [what, [kind, make, title]] of Object.entries(rows)) {
    const found = await kept(make);
    assert.equal(found.kind, kind, what);
    if (title !== undefined) assert.equal(found.title, title, what);
  }
}

test('the class of what accumulates tells', () =>
  assertKinds({
    timeouts: ['timers', arrayOf('Timeout'), '30 more Timeout in kept (Array)'],
    immediates: ['timers', arrayOf('Immediate')],
    'a class that begins like a timer': ['array', arrayOf('TimeoutPolicy')],
    ports: ['message-ports', arrayOf('MessagePort')],
    workers: ['message-ports', arrayOf('Worker')],
    'weak references': ['weak-references', arrayOf('WeakRef')],
    promises: ['promises', arrayOf('Promise')],
    'running functions': ['promises', arrayOf('AsyncFunction')],
    requests: ['requests', arrayOf('IncomingMessage')],
    'streams of HTTP/2': ['requests', arrayOf('Http2Stream')],
    sockets: ['sockets', arrayOf('TLSSocket')],
    'web sockets': ['sockets', arrayOf('WebSocket')],
    'a plain object with a socket': [
      'array',
      (count) => array(times(count, () => ({ ...object('Object', { socket: text('') }), size: LARGE }))),
      '30 more {socket} in kept (Array)',
    ],
    streams: ['streams', arrayOf('ReadStream')],
    transforms: ['streams', arrayOf('Transform')],
    errors: ['errors', arrayOf('TypeError')],
    exceptions: ['errors', arrayOf('DOMException')],
    'error reports': ['array', arrayOf('ErrorReport')],
    'instances of WebAssembly': ['objects', arrayOf('Instance'), '30 more Instance in kept (Array)'],
    contexts: ['objects', arrayOf('SecureContext')],
    'typed arrays': ['buffers', arrayOf('Uint8Array')],
    'clamped arrays': ['buffers', arrayOf('Uint8ClampedArray')],
    bytes: ['buffers', arrayOf('ArrayBuffer')],
    'slices of strings': ['strings', (count) => array(times(count, () => slice(LARGE, 10)))],
  }));

test('what holds it tells, if what accumulates does not', () =>
  assertKinds({
    map: ['collection', (count) => map(orders(count)), '30 more Order in kept (Map)'],
    set: ['collection', (count) => collection('Set', orders(count))],
    'a class for maps': ['collection', (count) => collection('TenantMap', orders(count))],
    'a class for caches': ['collection', (count) => collection('LRUCache', orders(count))],
    array: ['array', (count) => array(orders(count))],
    'a weak map': ['weak-references', (count) => collection('WeakMap', orders(count))],
    registry: ['weak-references', (count) => collection('FinalizationRegistry', orders(count))],
    'timer list': ['timers', (count) => collection('TimersList', orders(count))],
    dictionary: ['object-as-map', (count) => dictionary(orders(count)), '40 more Order in kept (Object)'],
    'an object of a class': ['objects', (count) => object('Shop', named(orders(count)))],
    variables: ['module-state', (count) => closure(onData, variables(onData, named(orders(count))))],
  }));

test('functions are listeners where the way to them says so, and otherwise closures', async () => {
  for (const name of [
    ...['_events', 'listeners', '_listeners', 'eventListeners', 'handlers', 'subscribers', 'subscribing'],
    ...['observers', 'callbacks', 'hooks', '<symbol kEvents>', 'interceptors'],
  ])
    assert.equal(
      (await kept((count) => object('Bus', { [name]: array(functions(count)) }))).kind,
      name === 'subscribing' ? 'closures' : 'event-listeners',
      name,
    );
  await assertKinds({
    'functions of an array': [
      'closures',
      (count) => array(functions(count)),
      '30 more functions onData() in kept (Array)',
    ],
    'bound functions': [
      'closures',
      (count) => array(times(count, () => ({ ...bound(closure(onData)), size: LARGE }))),
      '30 more functions onData() in kept (Array)',
    ],
    'variables of functions': [
      'closures',
      (count) =>
        array(times(count, () => closure(onData, variables(onData, { order: large('Order') }, undefined)))),
    ],
    'objects under such a name': ['array', (count) => object('Bus', { handlers: array(orders(count)) })],
    'objects that are called handlers': [
      'event-listeners',
      (count) => object('Bus', { all: array(times(count, () => large('TopicHandler'))) }),
    ],
    'lists under such a name': [
      'event-listeners',
      (count) => object('Bus', { handlers: dictionary(times(count, () => array([], LARGE))) }),
    ],
  });
});

test('the way to it tells more than its holder', () =>
  assertKinds({
    'listeners of a signal': [
      'abort-listeners',
      (count) => object('AbortSignal', { '<symbol kEvents>': map(times(count, () => large('Listener'))) }),
    ],
    'signals by their sources': [
      'abort-listeners',
      (count) => object('AbortController', { signals: array(times(count, () => large('AbortSignal'))) }),
    ],
    'a signal alone': [
      'array',
      (count) => object('AbortController', { reasons: array(orders(count)) }),
      '30 more Order in kept.reasons (Array)',
    ],
    'a store of AsyncLocalStorage': [
      'async-context',
      (count) => object('AsyncLocalStorage', { store: array(orders(count)) }),
    ],
    'a frame of it': ['async-context', (count) => collection('AsyncContextFrame', orders(count))],
    'a resource that keeps a store': [
      'async-context',
      (count) => object('Resource', { '<symbol kResourceStore>': array(orders(count)) }),
    ],
    'label values': ['metrics', (count) => object('Gauge', { values: array(orders(count)) })],
    'a hash map of a metric': [
      'metrics',
      (count) => object('Meters', { hashMap: dictionary(orders(count)) }),
    ],
    'a field called metricsByName': [
      'collection',
      (count) => object('Board', { metricsByName: map(orders(count)) }),
    ],
    'timers by their list': [
      'timers',
      (count) => object('TimersList', { _idleNext: object('Timeout', { orders: array(orders(count)) }) }),
    ],
    'values of a promise': [
      'promises',
      (count) =>
        array(times(count, () => node('object', 'Promise', 40, [['internal', 'result', large('Order')]]))),
    ],
  }));

test('what most of the bytes are tells', () =>
  assertKinds({
    'memory of buffers': ['buffers', (count) => array(times(count, () => frame(700, 300)))],
    'a little memory of buffers': ['array', (count) => array(times(count, () => frame(500, 500)))],
    'slices of long strings': ['strings', (count) => array(times(count, () => slicing(700, 300)))],
    'slices of short strings': ['array', (count) => array(times(count, () => slicing(500, 500)))],
  }));

test('elements that refer to one another are a chain', () =>
  assertKinds({
    list: ['linked-list', (count) => chain(count, 'Link'), '30 more Link in kept.next (Link)'],
    'chain of promises': ['promises', (count) => chain(count, 'Promise')],
    'numbers of the same few arrays': ['numbers', (count) => array([], LARGE * count), 'kept (Array) grew'],
    'strings of one': ['strings', (count) => node('string', 'log', LARGE * count), 'kept ((string)) grew'],
  }));

test('a limit makes it a cache', async () => {
  const limited = (count: number, ...fields: string[]): Thing =>
    withSmallIntegers(object('Sessions', { entries: map(orders(count)) }), ...fields);
  const signs = /a cache with a limit that it has not reached/;
  assert.match((await kept((count) => limited(count, 'max'))).summary, signs);
  assert.match((await kept((count) => limited(count, 'capacity'))).summary, signs);
  assert.doesNotMatch((await kept((count) => limited(count, 'size'))).summary, signs);
  const own = (count: number): Thing => collection('Map', orders(count), { maxSize: number() });
  assert.match((await kept(own)).summary, signs);
  const shop = (count: number): Thing => object('Shop', { ...named(orders(count)), max: number() });
  assert.doesNotMatch((await kept(shop)).summary, signs, 'an object is no collection');
});

test('each kind has its advice, which ends its summary', async () => {
  for (const [make, advice] of [
    [arrayOf('Timeout'), 'Call clearInterval or clearTimeout when what they were started for ends.'],
    [arrayOf('MessagePort'), 'Call close() or terminate() on each.'],
    [arrayOf('TypeError'), 'Keep their messages, and a bounded number.'],
    [arrayOf('Order'), 'Bound it, or remove what has been dealt with.'],
  ] as const) {
    const found = await kept(make);
    assert.equal(found.advice, advice);
    assert.ok(found.summary.toLowerCase().endsWith(`; ${advice.toLowerCase()}`), found.summary);
  }
});

function named(things: readonly Thing[]): Record<string, Thing> {
  return Object.fromEntries(things.map((thing, at) => [`order${at}`, thing]));
}

function slice(parent: number, own: number): Thing {
  return node('sliced string', 'part', own, [['internal', 'parent', text('whole', parent)]]);
}

/** An object with a slice of a string, and fields, in tens of bytes. */
function slicing(parent: number, others: number): Thing {
  return { ...object('Line', { part: slice(10 * parent, 0) }), size: 10 * others };
}

/** An object with the memory of a buffer, and fields, in tens of bytes. */
function frame(memory: number, others: number): Thing {
  return {
    ...object('Frame', { data: node('native', 'system / JSArrayBufferData', 10 * memory) }),
    size: 10 * others,
  };
}

function chain(count: number, className: string): Thing {
  let first = large(className);
  for (let n = 0; n < count; n++) first = large(className, { next: first });
  return first;
}
