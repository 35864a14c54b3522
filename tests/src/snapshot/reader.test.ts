/** Every form a heap snapshot comes in is read the same: compression, chunks, header, strings, other sections. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { open, openSnapshot, type Snapshot } from '@afterimage/snapshot';
import fc from 'fast-check';
import { madeUpSnapshot } from './made-up-snapshot.js';
import { nodeOf } from '../nodes.js';
import { inPieces, threeNodes, written, type SnapshotText } from './snapshot-text.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

const run = promisify(execFile);
const writer = fileURLToPath(new URL('programs/write.js', import.meta.url));

/** All that a reader finds out, to be compared with what another finds out. */
function facts(snapshot: Snapshot): unknown {
  const { strings, ...columns } = snapshot.graph;
  return {
    ...columns,
    header: null,
    strings: Array.from({ length: strings.count }, (_, index) => strings.get(index)),
    shallowSize: snapshot.shallowSize,
    retainedSize: snapshot.retainedSize,
    dominator: snapshot.dominator,
    distance: snapshot.distance,
    classes: snapshot.classes(),
    duplicates: snapshot.duplicateStrings(),
  };
}

const read = (text: SnapshotText, order?: string[]): Promise<Snapshot> =>
  openSnapshot(inPieces(written(text, order)));

describe('a snapshot is read the same', () => {
  it("by the function's former name", () => assert.equal(open, openSnapshot));

  it('split in two at every byte', async () => {
    const bytes = written({
      ...threeNodes(),
      strings: ['"(root)"', '"He\\"ld"', '"\\u00e9 é \\ud83d\\ude00 😀"', '"held"'],
    });
    const whole = facts(await openSnapshot(inPieces(bytes)));
    for (let at = 1; at < bytes.length; at++) {
      assert.deepEqual(facts(await openSnapshot(inPieces(bytes, at))), whole, `cut at byte ${at}`);
    }
  });

  it('in chunks of any size', async () => {
    const bytes = Buffer.from(madeUpSnapshot(7));
    const whole = facts(await openSnapshot(inPieces(bytes)));
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), {
      minLength: 1,
      maxLength: 400,
    });
    await fc.assert(
      fc.asyncProperty(cuts, async (ends) => {
        assert.deepEqual(facts(await openSnapshot(inPieces(bytes, ...ends.sort((a, b) => a - b)))), whole);
      }),
      { numRuns: 50 },
    );
  });

  it('from a file, gzip, zstd, a stream, by one thread and by two', { timeout: PATIENCE_MS }, async (t) => {
    const directory = await temporaryDirectory(t);
    const plain = join(directory, 'plain.heapsnapshot');
    const { path } = nodeOf(24);
    await run(path, [writer, 'shop', 'plain', plain], { timeout: PATIENCE_MS });
    const packed = join(directory, 'packed.heapsnapshot.gz');
    await writeFile(packed, gzipSync(await readFile(plain), { level: 1 }));

    const one = facts(await openSnapshot(plain, { threads: 1 }));
    assert.deepEqual(facts(await openSnapshot(plain, { threads: 2 })), one);
    assert.deepEqual(facts(await openSnapshot(plain, { parts: 'graph', threads: 2 })), one);
    assert.deepEqual(facts(await openSnapshot(packed)), one);
    assert.deepEqual(facts(await openSnapshot(createReadStream(plain))), one);

    // This Node may be one that has no zstd; the one that reads it here has.
    const count = await run(path, ['--input-type=module', '--eval', zstdProgram, plain], {
      cwd: import.meta.dirname,
    });
    assert.equal(count.stdout.trim(), 'the same');
  });

  it('with its sections in another order, and with others between them', async () => {
    const text = threeNodes();
    const usual = facts(await read(text));
    const others = {
      trace_function_infos: '[0,1,2,0,0,-1]',
      trace_tree: '[1,0,2,16,[2,0,1,8,[]]]',
      samples: '[]',
      made_up: '{"a":["]","}",{"b":"\\\\\\""}],"c":null}',
      number: '-12.5e3',
    };
    assert.deepEqual(facts(await read({ ...text, others })), usual);
    const order = ['strings', 'made_up', 'locations', 'edges', 'trace_tree', 'nodes'];
    assert.deepEqual(facts(await read({ ...text, others }, order)), usual);
  });

  it('with its columns in another order, and with unknown columns', async () => {
    const text = threeNodes();
    const usual = facts(await read(text));
    const { meta } = text.header;
    const reordered = threeNodes();
    reordered.header.meta = {
      node_fields: [...meta.node_fields.toReversed(), 'shine'],
      node_types: [...meta.node_types.toReversed(), 'number'],
      edge_fields: ['to_node', 'color', 'type', 'name_or_index'],
      edge_types: ['node', 'number', meta.edge_types[0] ?? [], 'string_or_number'],
      location_fields: ['column', 'line', 'object_index', 'script_id'],
    };
    const fields = meta.node_fields.length;
    const nodeRows = Array.from({ length: 3 }, (_, node) =>
      text.nodes.slice(node * fields, (node + 1) * fields),
    );
    reordered.nodes = nodeRows.flatMap((row) => [...row.toReversed(), 99]);
    reordered.edges = [7, 1, 2, 3, 14, 1, 1, 7];
    reordered.locations = [11, 2, 7, 40];
    assert.deepEqual(facts(await read(reordered)), usual);
  });
});

describe('the reader handles', () => {
  it('strings of every kind', async () => {
    const strings = [
      '',
      'é',
      '日本語',
      '😀',
      '\ud83d',
      'a\udc00b',
      '"\\/\b\f\n\r\t',
      '\u0000\u001f\u2028',
      'x'.repeat(70_000),
    ];
    const text = threeNodes();
    text.strings = [...text.strings, ...strings.map((string) => JSON.stringify(string))];
    const { graph } = await read(text);
    strings.forEach((string, at) => {
      assert.equal(graph.strings.get(4 + at), string);
      assert.deepEqual(graph.strings.find(string), [4 + at]);
    });
    // V8 writes all but ASCII as an escape.
    text.strings[2] = '"\\u65E5\\u672c\\ud83d\\uDE00\\ud800"';
    const escaped = await read(text);
    assert.equal(escaped.name(2), '日本😀\ud800');
    assert.deepEqual(escaped.graph.strings.find('日本😀\ud800'), [2]);
  });

  it('data after the end, like DevTools', async () => {
    const bytes = Buffer.concat([written(threeNodes()), Buffer.from('\n\n {"more": 1}')]);
    const { graph } = await openSnapshot(inPieces(bytes));
    assert.equal(graph.nodeCount, 3);
    assert.equal(graph.trailingBytes, 10);
  });

  it('sizes beyond 32 bits', async () => {
    const text = threeNodes();
    text.nodes[9] = 5e9;
    text.nodes[15] = 4294967295;
    const snapshot = await read(text);
    assert.deepEqual([...snapshot.graph.selfSize], [0, 5e9, 4294967295]);
    assert.equal(snapshot.retainedSize[0], 5e9 + 4294967295);
    text.nodes[9] = 4294967295;
    assert.equal((await read(text)).retainedSize[0], 2 * 4294967295);
  });

  it('several positions of one node, and positions in any order', async () => {
    const text = threeNodes();
    text.locations = [12, 8, 1, 1, 6, 40, 2, 11, 12, -9, 5, 0];
    const { locations } = (await read(text)).graph;
    assert.deepEqual([...locations.node], [1, 2]);
    assert.deepEqual([...locations.script], [40, -9]);
  });

  it('a snapshot with only a root', async () => {
    const text = threeNodes();
    text.header.node_count = 1;
    text.header.edge_count = 0;
    text.nodes = [3, 0, 1, 0, 0, 0];
    text.edges = [];
    text.locations = [];
    assert.equal((await read(text)).retainedSize.length, 1);
  });
});

/** Compresses the file and reads it, both by the Node that runs it. */
const zstdProgram = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { zstdCompressSync } from 'node:zlib';
  import { openSnapshot } from '@afterimage/snapshot';
  const plain = process.argv[1];
  writeFileSync(plain + '.zst', zstdCompressSync(readFileSync(plain)));
  const [one, other] = [await openSnapshot(plain), await openSnapshot(plain + '.zst')];
  const same = JSON.stringify(one.classes()) === JSON.stringify(other.classes());
  console.log(same && one.graph.edgeCount > 0 ? 'the same' : 'different');
`;
