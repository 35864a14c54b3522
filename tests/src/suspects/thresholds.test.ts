/** Each threshold of the suspects, by figures or a small graph on either side of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, type Snapshot, type Suspect } from '@afterimage/snapshot';
import { foldPath } from '../../../packages/snapshot/dist/paths/path-folding.js';
import { deepReferrers } from '../../../packages/snapshot/dist/suspects/deep-referrers.js';
import { isSteady } from '../../../packages/snapshot/dist/suspects/growing-places.js';
import { isLoadingOfModules, isSuspicious } from '../../../packages/snapshot/dist/suspects/worth-saying.js';
import { telling } from '../../../packages/snapshot/dist/suspects/telling.js';
import { inPieces, threeNodes, written } from '../snapshot/snapshot-text.js';

test('growth whose last step is less than 0.4 of the earlier ones counts as settling', () => {
  assert.ok(isSteady([0, 100, 140]));
  assert.ok(!isSteady([0, 100, 139]));
  assert.ok(isSteady([0, 100, 200, 240]));
  assert.ok(!isSteady([0, 100, 200, 239]));
  assert.ok(!isSteady([0, 100, 100]));
  assert.ok(isSteady([10, 11]), 'two snapshots do not tell');
});

test('a repeated step is folded if at least three repetitions are omitted', () => {
  assert.deepEqual(foldPath(['root', 'next', 'next', 'next', 'leaf'], 100), [0, 1, 2, 3, 4]);
  const folded = foldPath(['root', ...Array<string>(6).fill('next'), 'leaf'], 100);
  assert.ok(folded.some((piece) => typeof piece === 'object' && piece.period === 1 && piece.steps >= 3));
  assert.ok(folded.length < 8);
});

test('strings count 0.4 times as much as other objects of the same size', () => {
  const className = ['(string)', 'Session'];
  const strings = telling({ className }, { place: 0, bytes: 1000 });
  assert.ok(strings < telling({ className }, { place: 1, bytes: 401 }));
  assert.ok(strings > telling({ className }, { place: 1, bytes: 399 }));
});

test("Node's side of an object tells less than the object", () => {
  const className = ['Node / MessagePort', 'MessagePort'];
  const one = telling({ className }, { place: 0, bytes: 1000 });
  assert.ok(one < telling({ className }, { place: 1, bytes: 100 }));
});

test('modules that are loaded once are no suspect, and those that keep coming are', () => {
  assert.ok(isLoadingOfModules(suspect({ class: 'Module', counts: [107, 280] })), 'two do not tell');
  assert.ok(isLoadingOfModules(suspect({ class: 'Module', counts: [107, 280, 300] })));
  assert.ok(!isLoadingOfModules(suspect({ class: 'ModuleWrap', counts: [100, 200, 300] })));
  assert.ok(!isLoadingOfModules(suspect({ class: 'Order', counts: [107, 280] })));
});

test('a collection that two snapshots see for the first time needs half of the growth', () => {
  const created = { counts: [0, 900], bytes: 1e6, share: 0.1, instances: [0, 1] };
  assert.ok(!isSuspicious(suspect(created), 1e7));
  assert.ok(isSuspicious(suspect({ ...created, share: 0.5 }), 1e7));
  assert.ok(isSuspicious(suspect({ ...created, instances: [1, 1] }), 1e7));
  assert.ok(!isSuspicious(suspect({ ...created, instances: [1, 1], counts: [0, 23] }), 1e7));
  assert.ok(isSuspicious(suspect({ ...created, instances: [0, 900] }), 1e7), 'many of them pile up');
});

function suspect({ instances = [1, 1], ...figures }: Partial<Suspect> & { instances?: number[] }): Suspect {
  const entries = figures.counts ?? [];
  const holder = { name: 'kept', class: 'Map', owner: 'shop.js', id: 1, instances, entries };
  const nothing = { edges: null, limit: null, weight: null, parts: [], path: [], examples: [] };
  const words = {
    title: '',
    kind: 'collection' as const,
    class: 'Order',
    pathText: '',
    advice: '',
    summary: '',
  };
  const location = { function: 'keep', script: 'shop.js', line: 1, column: 1, package: null };
  return {
    ...{ rank: 1, count: 0, bytes: 0, share: 0, counts: [], locations: [location], holder },
    ...nothing,
    ...words,
    ...figures,
  };
}

test('only an object that reaches at least 0.3 of the elements may be their holder', async () => {
  for (const [reached, expected] of [
    [4, true],
    [3, true],
    [2, false],
  ] as const) {
    const snapshot = await reaching(10, reached);
    const members = Array.from({ length: 10 }, (_, at) => snapshot.nodeWithId(100 + at));
    const found = deepReferrers(snapshot, members, () => true, false);
    const holder = snapshot.nodeWithId(3);
    assert.equal(
      found.some(({ node }) => node === holder),
      expected,
      `${reached} of 10`,
    );
  }
});

/**
 * A root that has a holder (id 3) and each of `count` elements (ids from 100); the holder reaches `reached` of those, each
 * by an object between.
 */
async function reaching(count: number, reached: number): Promise<Snapshot> {
  const FIELDS = 6;
  const [OBJECT, SYNTHETIC, ELEMENT, PROPERTY] = [2, 3, 1, 2];
  const node = (type: number, id: number, edges: number): number[] => [type, 1, id, 16, edges, 0];
  const text = threeNodes();
  const between = 2;
  const first = between + reached;
  text.nodes = [
    ...node(SYNTHETIC, 1, 1 + count),
    ...node(OBJECT, 3, reached),
    ...Array.from({ length: reached }, (_, at) => node(OBJECT, 11 + 2 * at, 1)).flat(),
    ...Array.from({ length: count }, (_, at) => node(OBJECT, 100 + at, 0)).flat(),
  ];
  text.edges = [
    ...[PROPERTY, 3, FIELDS],
    ...Array.from({ length: count }, (_, at) => [ELEMENT, at, (first + at) * FIELDS]).flat(),
    ...Array.from({ length: reached }, (_, at) => [ELEMENT, at, (between + at) * FIELDS]).flat(),
    ...Array.from({ length: reached }, (_, at) => [PROPERTY, 2, (first + at) * FIELDS]).flat(),
  ];
  text.locations = [];
  text.header.node_count = text.nodes.length / FIELDS;
  text.header.edge_count = text.edges.length / 3;
  return open(inPieces(written(text)));
}
