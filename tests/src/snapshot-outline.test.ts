/** A snapshot cut at any byte is noticed, one that is whole passes, whatever its strings and however it is chunked. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { outlineSnapshot, SnapshotFormatError, type SnapshotOutline } from '@afterimage/snapshot';
import fc from 'fast-check';
import { nodes } from './nodes.js';

function outline(document: Uint8Array, chunkBytes = 65_536): SnapshotOutline {
  const outliner = outlineSnapshot();
  for (let at = 0; at < document.length; at += chunkBytes) {
    outliner.push(document.subarray(at, at + chunkBytes));
  }
  return outliner.end();
}

const truncatedAt = (offset: number) => (error: unknown) =>
  error instanceof SnapshotFormatError && error.code === 'truncated' && error.offset === offset;

const meta = {
  node_fields: ['type', 'name', 'id', 'self_size', 'edge_count'],
  node_types: [['hidden', 'object'], 'string', 'number', 'number', 'number'],
  edge_fields: ['type', 'name_or_index', 'to_node'],
  edge_types: [['context', 'element'], 'string_or_number', 'node'],
};

/** As V8 lays it out: until Node 22 with a line for each node, edge and string, since then without. */
function snapshotText(nodeIds: number[], strings: string[], separator: '\n,' | ',', eol: '\n' | ''): string {
  const header = { meta, node_count: nodeIds.length, edge_count: 0, trace_function_count: 0 };
  return (
    `{"snapshot":${JSON.stringify(header)},\n` +
    `"nodes":[${nodeIds.map((id) => `1,0,${id},16,0`).join(separator)}],\n"edges":[],\n` +
    '"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[],\n' +
    `"strings":[${strings.map((string) => JSON.stringify(string)).join(`,${eol}`)}]}`
  );
}

/** Strings that look like what they stand in. */
const trickyString = fc.oneof(
  fc.constantFrom(
    '',
    ',',
    '"',
    '\\',
    ']}',
    '"]}',
    '\\"]}',
    ',"',
    '","',
    '"],"',
    '{"snapshot":{',
    '\n',
    '[',
    '\\\\',
  ),
  fc.string({ unit: fc.constantFrom('"', '\\', ']', '}', ',', '[', '{', ':', 'a', '\n', ' ') }),
  fc.string({ unit: 'binary' }),
);

const snapshots = fc
  .record({
    nodeIds: fc.array(fc.nat(), { maxLength: 5 }),
    strings: fc.array(trickyString, { minLength: 1, maxLength: 8 }),
    multiline: fc.boolean(),
  })
  .map(({ nodeIds, strings, multiline }) => ({
    nodeCount: nodeIds.length,
    document: Buffer.from(snapshotText(nodeIds, strings, multiline ? '\n,' : ',', multiline ? '\n' : '')),
  }));

describe('outline of a snapshot', () => {
  it('passes whole snapshots and notices a cut at every byte', () => {
    fc.assert(
      fc.property(snapshots, fc.integer({ min: 1, max: 100 }), ({ document, nodeCount }, chunkBytes) => {
        assert.deepEqual(outline(document, chunkBytes), {
          nodes: nodeCount,
          edges: 0,
          bytes: document.length,
          meta,
        });
        for (let length = 0; length < document.length; length++) {
          assert.throws(() => outline(document.subarray(0, length), chunkBytes), truncatedAt(length));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what is not a snapshot as soon as it is told', () => {
    for (const text of ['<html>', '{"snapshots":1}', '\u007fELF', '[1,2]', '{"snapshot":{"meta":1}}']) {
      assert.throws(() => outlineSnapshot().push(Buffer.from(text)), {
        name: 'SnapshotFormatError',
        code: 'not-a-snapshot',
        message: /^not a heap snapshot: /,
      });
    }
    const endless = Buffer.from('{"snapshot":{' + '"a":1,'.repeat(1 << 18));
    assert.throws(() => outlineSnapshot().push(endless), { code: 'not-a-snapshot' });
  });
});

describe('outline of what V8 writes', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'afterimage-outline-'));
  });
  after(() => rm(directory, { recursive: true }));

  for (const node of nodes) {
    it(`Node ${node.version}`, async () => {
      const file = join(directory, `${node.major}.heapsnapshot`);
      await promisify(execFile)(node.path, ['-e', `v8.writeHeapSnapshot(${JSON.stringify(file)})`]);
      const document = await readFile(file);
      const { snapshot } = JSON.parse(document.toString()) as { snapshot: Record<string, unknown> };

      const { nodes, edges, bytes, meta } = outline(document);

      assert.deepEqual(
        { node_count: nodes, edge_count: edges, meta },
        pick(snapshot, ['node_count', 'edge_count', 'meta']),
      );
      assert.equal(bytes, document.length);
      const length = fc.integer({ min: 0, max: document.length - 1 });
      fc.assert(
        fc.property(length, (cut) =>
          assert.throws(() => outline(document.subarray(0, cut)), truncatedAt(cut)),
        ),
      );
      for (let cut = document.length - 2000; cut < document.length; cut++) {
        assert.throws(() => outline(document.subarray(0, cut)), truncatedAt(cut));
      }
    });
  }
});

function pick(record: Record<string, unknown>, keys: string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}
