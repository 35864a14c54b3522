/** A graph in columns is redacted as the bytes of the same snapshot are; what contradicts itself is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  openSnapshot,
  redactor,
  REDACTION_LEVELS,
  readProvenance,
  snapshotFromColumns,
  SnapshotFormatError,
  type RedactionLevel,
  type Snapshot,
  type SnapshotColumns,
} from '@afterimage/snapshot';
import { madeUpSnapshot } from '../snapshot/made-up-snapshot.js';

const SEEDS = 4;

describe('a snapshot from columns', () => {
  for (const level of REDACTION_LEVELS)
    test(`is what the redactor makes of the same bytes, redacted: ${level}`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const whole = madeUpSnapshot(seed).replaceAll('"x"', '"secret-4711@shop.example \\u00e9"');
        const bytes = await openSnapshot(once(redacted(whole, level)));
        const columns = await snapshotFromColumns(await columnsOf(whole), { level, by: 'reader' });
        assert.deepEqual(texts(columns), texts(bytes), `seed ${seed}`);
        assert.deepEqual(columns.retainedSize, bytes.retainedSize);
        const { redaction, by } = readProvenance(columns.graph.header) ?? {};
        assert.deepEqual({ redaction, by }, { redaction: level, by: 'reader' });
      }
    });

  test('does not mistake a string that looks like the end of one for another', async () => {
    const columns = await columnsOf(madeUpSnapshot(3));
    const strings = ['', ',', ',\n', '",\n"', ']', '\\', 'after'];
    columns.nodeName.fill(6);
    columns.edgeName.fill(0);
    columns.strings = jsonOf(strings);
    const { graph } = await snapshotFromColumns(columns, { level: 'none' });
    assert.equal(graph.strings.get(graph.nodeName[1] ?? 0), 'after');
    assert.deepEqual(
      strings.map((_, index) => graph.strings.get(index)),
      strings,
    );
  });

  test('that contradicts itself is refused', async () => {
    const altered: Record<string, (columns: SnapshotColumns) => unknown> = {
      'a name': ({ nodeName }) => nodeName.fill(1e6, 5, 6),
      'an end of an edge': ({ edgeTo }) => edgeTo.fill(1e6, 5, 6),
      'a type': ({ nodeType }) => nodeType.fill(99, 5, 6),
      'a type of an edge': ({ edgeType }) => edgeType.fill(99, 5, 6),
      'the first edges': ({ firstEdge }) => firstEdge.fill(9, 5, 6),
      'the strings': (columns) => (columns.strings = [Buffer.from('"a" "b"')]),
      'the end of the strings': (columns) => (columns.strings = [Buffer.from('"a')]),
      'the number of edges': (columns) => (columns.header.edge_count += 1),
    };
    for (const [what, alter] of Object.entries(altered))
      for (const level of ['none', 'names'] as const) {
        const columns = await columnsOf(madeUpSnapshot(1));
        alter(columns);
        await assert.rejects(
          snapshotFromColumns(columns, { level }),
          SnapshotFormatError,
          `${what}, ${level}`,
        );
      }
  });
});

function redacted(json: string, level: RedactionLevel): Uint8Array {
  const redaction = redactor({ level });
  return Buffer.concat([...redaction.push(Buffer.from(json)), ...redaction.end().chunks]);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function columnsOf(json: string): Promise<SnapshotColumns> {
  const { graph } = await openSnapshot(once(Buffer.from(json)), { parts: 'graph' });
  const strings = Array.from({ length: graph.strings.count }, (_, index) => graph.strings.get(index));
  return { ...graph, header: structuredClone(graph.header), strings: jsonOf(strings) };
}

/** In two chunks, which end anywhere. */
function jsonOf(strings: readonly string[]): Uint8Array[] {
  const json = Buffer.from(strings.map((each) => JSON.stringify(each)).join(',\n'));
  return [json.subarray(0, json.length >> 1), json.subarray(json.length >> 1)];
}

/** Names of all nodes and edges; hashes, whose keys differ, by the order in which they occur. */
function texts({ graph }: Snapshot): string[] {
  const hashes = new Map<string, number>();
  const known = (text: string): string =>
    text.replaceAll(/#[0-9a-z]{12}/g, (hash) => {
      if (!hashes.has(hash)) hashes.set(hash, hashes.size);
      return `#${hashes.get(hash)}`;
    });
  const { nodeName, edgeName, edgeType, edgeTypes, strings } = graph;
  const isNumber = (edge: number): boolean =>
    ['element', 'hidden'].includes(edgeTypes[edgeType[edge] ?? 0] ?? '');
  return [
    ...Array.from(nodeName, (name) => known(strings.get(name))),
    ...Array.from(edgeName, (name, edge) => (isNumber(edge) ? String(name) : known(strings.get(name)))),
  ];
}
