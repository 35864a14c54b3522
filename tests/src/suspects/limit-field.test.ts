/** Which fields of an object bound what it holds: their names alone do not tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from '@afterimage/snapshot';
import { hasLimitField } from '../../../packages/snapshot/dist/suspects/limit-field.js';
import { inPieces, threeNodes, written } from '../snapshot/snapshot-text.js';

test('a field such as max bounds an object', async () => {
  assert.ok(await isBounded({ fields: ['max', 'entries'] }));
  assert.ok(await isBounded({ fields: ['maxSize', 'sum'] }));
  assert.ok(!(await isBounded({ fields: ['entries'] })));
});

test('the largest value of a statistic bounds nothing', async () => {
  assert.ok(!(await isBounded({ fields: ['min', 'max', 'samples'] })));
  assert.ok(!(await isBounded({ fields: ['max', 'sum', 'samples'] })));
});

test('a limit that is no number bounds nothing', async () => {
  assert.ok(await isBounded({ fields: ['max'], max: 'number' }));
  assert.ok(!(await isBounded({ fields: ['max'], max: 'object' })));
});

interface Bounded {
  /** Names in the hidden class, where small integers are. */
  fields: string[];
  /** Type of what a property `max` leads to; without it, it has no edge, as small integers have none. */
  max?: 'number' | 'object';
}

/** A root holds an object that has these fields. */
async function isBounded({ fields, max }: Bounded): Promise<boolean> {
  const FIELDS = 6;
  const [HIDDEN, STRING, OBJECT, SYNTHETIC, NUMBER] = [0, 1, 2, 3, 4];
  const [PROPERTY, INTERNAL] = [2, 5];
  const text = threeNodes();
  const [types] = text.header.meta.node_types;
  const [edgeTypes] = text.header.meta.edge_types;
  assert.ok(Array.isArray(types) && Array.isArray(edgeTypes));
  types.push('number');
  edgeTypes.push('internal');
  const strings = ['', 'Held', 'held', 'map', 'descriptors', 'max', ...fields];
  text.strings = strings.map((string) => JSON.stringify(string));
  const named = (name: string): number => strings.indexOf(name);
  const node = (type: number, name: string, id: number, edges: number): number[] => [
    ...[type, named(name), id, 16, edges, 0],
  ];
  const target = 4 + fields.length;
  text.nodes = [
    ...node(SYNTHETIC, '', 1, 1),
    ...node(OBJECT, 'Held', 3, max === undefined ? 1 : 2),
    ...node(HIDDEN, '', 5, 1),
    ...node(HIDDEN, '', 7, fields.length),
    ...fields.flatMap((field, at) => node(STRING, field, 9 + 2 * at, 0)),
    ...(max === undefined ? [] : node(max === 'number' ? NUMBER : OBJECT, '', 101, 0)),
  ];
  text.edges = [
    ...[PROPERTY, named('held'), FIELDS],
    ...[INTERNAL, named('map'), 2 * FIELDS],
    ...(max === undefined ? [] : [PROPERTY, named('max'), target * FIELDS]),
    ...[INTERNAL, named('descriptors'), 3 * FIELDS],
    ...fields.flatMap((field, at) => [INTERNAL, named(field), (4 + at) * FIELDS]),
  ];
  text.locations = [];
  text.header.node_count = text.nodes.length / FIELDS;
  text.header.edge_count = text.edges.length / 3;
  const { graph } = await open(inPieces(written(text)));
  return hasLimitField(graph, 1);
}
