/** What no JavaScript holds: open handles of Node by their type, and native code by the addons that are loaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Suspect } from '@afterimage/snapshot';
import {
  closure,
  code,
  commonJs,
  large,
  node,
  object,
  suspectOf,
  text,
  times,
  variables,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const ADDON = '/app/node_modules/snappy/build/snappy.node';
const many = (count: number, make: () => Thing): Thing[] => times(count, make);

async function held(
  make: () => Thing,
  addons: readonly string[] = [],
  root = '(Global handles)',
): Promise<Suspect> {
  return suspectOf((count) => ({
    modules: [commonJs(APP, {}), ...addons.map((path) => commonJs(path, {}))],
    roots: { [root]: many(count, make) },
  }));
}

test('native code holds them', async () => {
  const found = await held(() => large('Row'));
  assert.equal(found.title, '30 more Row held by native code');
  assert.equal(found.kind, 'native-references');
  assert.equal(found.holder.owner, 'native code (V8 global handles)');
  assert.equal(
    found.summary,
    '30 more Row held by native code: native code refers to them, and nothing in JavaScript does; close or destroy what ' +
      'they belong to; if that is done, the fault is in a native addon: update it.',
  );
});

test('the addons that are loaded are named, at most four, and are where to look', async () => {
  const found = await held(() => large('Row'), [ADDON, '/opt/own.node']);
  assert.match(
    found.advice,
    /\. Native addons that are loaded: snappy \(snappy\.node\), \/opt\/own\.node\.$/,
  );
  assert.deepEqual(
    found.locations.map(({ script, line }) => [script, line]),
    [
      [ADDON, 1],
      ['/opt/own.node', 1],
    ],
  );
  assert.equal(found.locations[0]?.package?.name, 'snappy');
  const six = await held(
    () => large('Row'),
    [1, 2, 3, 4, 5, 6].map((n) => `/opt/${n}.node`),
  );
  assert.match(six.advice, /: \/opt\/1\.node, \/opt\/2\.node, \/opt\/3\.node, \/opt\/4\.node and 2 more\.$/);
});

test('addons are found by the keys of the cache, too, and other files are none', async () => {
  const { advice } = await suspectOf((count) => {
    const loader = closure(code('Module', 'node:internal/modules/cjs/loader', 7));
    loader.edges.push([
      'property',
      '_cache',
      object('Object', {
        'D:\\app\\own.node': object('Module'),
        '/app/x.nodes': object('Module'),
        'a.node': object('Module'),
      }),
    ]);
    return {
      modules: [commonJs(APP, {}), commonJs('relative.node', {})],
      roots: { '(Global handles)': many(count, () => large('Row')), '(Strong roots)': [loader] },
    };
  });
  assert.match(advice, /loaded: D:\\app\\own\.node\.$/);
});

test('open handles are called by the type of handle', async () => {
  const found = await suspectOf((count) => ({
    modules: [commonJs(APP, {})],
    handles: [
      node(
        'synthetic',
        'Node / MessagePort',
        0,
        many(count, () => large('Port')).map((port, at) => ['element', at, port]),
      ),
    ],
  }));
  assert.equal(found.title, '30 more Port held by open handles of Node.js (MessagePort)');
  assert.equal(found.kind, 'native-references');
  assert.match(found.advice, /^Close or destroy each/);
});

test("an object that V8's handles hold is an open handle if it belongs to one of Node's", async () => {
  const port = (type: string) => (): Thing => {
    const native = node('native', `Node / ${type}`, 40);
    return { ...large('Port'), edges: [['internal', 'javascript_to_native', native]] };
  };
  assert.equal((await held(port('TCP'))).title, '30 more Port held by open handles of Node.js (TCP)');
});

test('a function that runs holds nothing for native code', async () => {
  const found = await held(
    () => ({ ...large('Row'), source: { script: APP, line: 2, column: 1 } }),
    [],
    '(Stack roots)',
  );
  assert.equal(found.title, '30 more Row in functions that run (the stack) (references from native code)');
  assert.notEqual(found.kind, 'native-references');
});

test('handles of one type are one suspect, and those of native code if they grow alike', async () => {
  const { parts, title } = await suspectOf((count) => ({
    modules: [commonJs(APP, {})],
    roots: {
      '(Global handles)': [
        ...many(count, () => large('Row')),
        ...many(count, () => large('Statement', { x: text('') })),
      ],
    },
  }));
  assert.match(title, /^30 more (Row|Statement) held by native code$/);
  assert.deepEqual([1, 30], [parts.length, parts[0]?.count]);
});

test("what is called by a handle's callback is the program's", async () => {
  const onMessage = code('onMessage', APP, 30, 9);
  const found = await suspectOf((count) => ({
    modules: [commonJs(APP, {})],
    handles: [
      node(
        'synthetic',
        'Node / MessagePort',
        0,
        many(count, () => {
          const context = variables(onMessage, { order: large('Order') });
          return object('MessagePort', { onmessage: closure(onMessage, context) });
        }).map((port, at) => ['element', at, port]),
      ),
    ],
  }));
  assert.equal(
    found.title,
    '30 more MessagePort calling onMessage() held by open handles of Node.js (MessagePort)',
  );
  assert.equal(found.kind, 'message-ports');
  assert.equal(found.locations[0]?.line, 30);
});
