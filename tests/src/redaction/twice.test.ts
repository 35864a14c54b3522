/** A snapshot that was redacted before keeps what that left: nothing more is lost, and nothing comes back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openSnapshot, readProvenance } from '@afterimage/snapshot';
import fc from 'fast-check';
import { writeHeapSnapshot } from 'node:v8';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { madeUpSnapshot } from '../snapshot/made-up-snapshot.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PROPERTY, redact, redactedNames, type Document } from './redacted-bytes.js';

const NUMBERED = ['element', 'hidden'];
/** Hashes differ each time. */
const HASH = /#[0-9a-z]{12}/;

interface Snapshot extends Document {
  snapshot: Document['snapshot'] & {
    meta: { node_fields: string[]; edge_fields: string[]; edge_types: [string[]] };
  };
}

/** The names of all nodes, then of all edges that have one. */
function textsOf(bytes: Buffer): string[] {
  const { snapshot, nodes, edges, strings } = JSON.parse(bytes.toString()) as Snapshot;
  const { node_fields, edge_fields, edge_types } = snapshot.meta;
  const texts: string[] = [];
  for (let at = 0; at < nodes.length; at += node_fields.length)
    texts.push(strings[nodes[at + node_fields.indexOf('name')] ?? -1] ?? '');
  for (let at = 0; at < edges.length; at += edge_fields.length) {
    const type = edge_types[0][edges[at + edge_fields.indexOf('type')] ?? -1] ?? '';
    if (!NUMBERED.includes(type))
      texts.push(strings[edges[at + edge_fields.indexOf('name_or_index')] ?? -1] ?? '');
  }
  return texts;
}

const withoutHash = (text: string): string => text.replace(HASH, '#');

describe('a snapshot that is redacted twice', () => {
  it('is as it was after the first time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        for (const level of ['strings', 'names'] as const) {
          const once = redact(Buffer.from(madeUpSnapshot(seed)), level);
          assert.deepEqual(textsOf(redact(once, level)), textsOf(once));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keeps the paths of modules, and the lengths of what is not there any more', async (t) => {
    const file = join(await temporaryDirectory(t), 'plain.heapsnapshot');
    writeHeapSnapshot(file);
    const plain = await readFile(file);
    const once = redact(plain);
    const texts = textsOf(once);
    assert.ok(
      texts.filter((text) => text.endsWith('/twice.test.js')).length >= 2,
      'the script, and its module',
    );
    assert.deepEqual(textsOf(redact(once)), texts);
    const names = textsOf(redact(once, 'names')).map(withoutHash);
    assert.deepEqual(names, textsOf(redact(plain, 'names')).map(withoutHash));
  });

  it('says the stronger of both levels, in whatever order', async () => {
    const plain = Buffer.from(madeUpSnapshot(3));
    for (const [first, second, said] of [
      ['names', 'strings', 'names'],
      ['strings', 'names', 'names'],
      ['strings', 'none', 'strings'],
      ['none', 'none', 'none'],
    ] as const) {
      const twice = redact(redact(plain, first), second);
      const { graph } = await openSnapshot(Readable.from([twice]), { parts: 'graph' });
      assert.equal(readProvenance(graph.header)?.redaction, said, `${first}, then ${second}`);
    }
  });

  it('may not be what it was not before: a text that looks redacted is removed the first time', () => {
    const [shown] = redactedNames(PROPERTY, ['‹name 9 chars #0123456789ab›']);
    assert.match(shown ?? '', /^‹name 28 chars #[0-9a-z]{12}›$/);
  });
});
