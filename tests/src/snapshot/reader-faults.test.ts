/** A file that is not a whole snapshot gets one clear line with the byte; nothing hangs, or takes memory without bound. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openSnapshot, SnapshotFormatError } from '@afterimage/snapshot';
import fc from 'fast-check';
import { madeUpSnapshot } from './made-up-snapshot.js';
import { inPieces, threeNodes, written, type SnapshotText } from './snapshot-text.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { PATIENCE_MS } from '../patience.js';

/** What the reader says of the bytes; fails when it takes them for a snapshot. */
async function refusal(bytes: Buffer): Promise<SnapshotFormatError> {
  const error: unknown = await openSnapshot(inPieces(bytes)).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(error instanceof SnapshotFormatError, `expected a refusal, not ${String(error)}`);
  assert.doesNotMatch(error.message, /\n|undefined|NaN/);
  assert.ok(error.offset >= 0 && error.offset <= bytes.length, `${error.offset} of ${bytes.length}`);
  return error;
}

function altered(alter: (text: SnapshotText) => void): Buffer {
  const text = threeNodes();
  alter(text);
  return written(text);
}

describe('a snapshot is rejected', () => {
  it('if truncated at any byte, with the offset', async () => {
    const whole = written(threeNodes());
    for (let length = 0; length < whole.length; length++) {
      const { code, offset, message } = await refusal(whole.subarray(0, length));
      assert.equal(code, 'truncated');
      assert.equal(offset, length);
      assert.match(message, /breaks off at byte \d+, where .+ was expected$/);
    }
  });

  const wrong: [what: string, bytes: Buffer, says: RegExp][] = [
    ['nothing at all', Buffer.alloc(0), /breaks off at byte 0/],
    [
      'another kind of file',
      Buffer.from('\x7fELF and more'),
      /not a heap snapshot: it does not begin as one/,
    ],
    [
      'another JSON',
      Buffer.from('{"name":"x","version":1}'),
      /its first section is "name" instead of "snapshot"/,
    ],
    ['a header of nothing', Buffer.from('{"snapshot":{},"nodes":[]}'), /its header lacks meta/],
    [
      'too many nodes',
      altered(({ nodes }) => nodes.push(2, 1, 7, 16, 0, 0)),
      /malformed at byte \d+: there are more nodes than the 3/,
    ],
    [
      'too few nodes',
      altered(({ nodes }) => nodes.splice(12)),
      /there are 2 nodes, of 3 that its header promises/,
    ],
    ['half a node', altered(({ nodes }) => nodes.splice(-2)), /its last node has 4 of 6 numbers/],
    ['too many edges', altered(({ edges }) => edges.push(2, 3, 6)), /there are more edges than the 2/],
    ['too few edges', altered(({ edges }) => edges.splice(3)), /there are 1 edges, of 2/],
    [
      'nodes with more edges than there are',
      altered(({ nodes }) => (nodes[4] = 9)),
      /there are more edges than the 2/,
    ],
    [
      'nodes with fewer edges than there are',
      altered(({ nodes }) => (nodes[4] = 0)),
      /its nodes have 1 edges, of 2/,
    ],
    ['an edge to nowhere', altered(({ edges }) => (edges[2] = 18)), /edge 0 is out of range: 2,3,18/],
    ['an edge into the middle of a node', altered(({ edges }) => (edges[2] = 7)), /edge 0 is out of range/],
    ['an edge of no type', altered(({ edges }) => (edges[3] = 5)), /edge 1 is out of range: 5,7,12/],
    ['a node of no type', altered(({ nodes }) => (nodes[6] = 4)), /node 1 is out of range: 4,1,3,16,1,0/],
    ['a node without a name', altered(({ nodes }) => (nodes[7] = 4)), /node 1 is named by string 4 of 4/],
    ['an edge without a name', altered(({ edges }) => (edges[1] = 99)), /edge 0 is named by string 99 of 4/],
    ['a location of no node', altered(({ locations }) => (locations[0] = 18)), /location 0 is out of range/],
    [
      'a root that is not there',
      altered(({ header }) => Object.assign(header, { root_index: 18 })),
      /its root is at index 18/,
    ],
    ['a column missing', altered(({ header }) => (header.meta.node_fields[1] = 'x')), /no column for name/],
    ['no columns', altered(({ header }) => (header.meta.edge_fields = [])), /no column for/],
    [
      'a section twice',
      Buffer.from(written(threeNodes()).toString().replace('"locations"', '"edges"')),
      /two sections edges/,
    ],
    ['a section missing', written(threeNodes(), ['nodes', 'strings']), /it has no section edges/],
    ['no strings', written(threeNodes(), ['nodes', 'edges']), /it has no section strings/],
    [
      'a letter among the numbers',
      Buffer.from(written(threeNodes()).toString().replace('16,', '1x,')),
      /'x' where a comma .* was expected/,
    ],
    [
      'a negative number',
      altered(({ nodes }) => (nodes[9] = -16)),
      /'-' where a number of the nodes was expected/,
    ],
    [
      'a comma too many',
      Buffer.from(written(threeNodes()).toString().replace('16,', '16,,')),
      /',' where a number/,
    ],
  ];
  for (const [what, bytes, says] of wrong) {
    it(`with ${what}`, async () => {
      assert.match((await refusal(bytes)).message, says);
    });
  }

  it('if it promises more than it contains, before memory is allocated', async (t) => {
    const directory = await temporaryDirectory(t);
    for (const count of ['node_count', 'edge_count'] as const) {
      for (const promised of [1e9, 4e9, 2 ** 52]) {
        const bytes = altered(({ header }) => (header[count] = promised));
        const file = join(directory, 'promises.heapsnapshot');
        await writeFile(file, bytes);
        await assert.rejects(
          openSnapshot(file),
          /its header promises \d+ (nodes|edges), (more than that many bytes can hold|of \d+)/,
        );
        // Of a stream the length is not known: what is taken is not touched, or refused for its size.
        const before = process.memoryUsage.rss();
        await assert.rejects(
          openSnapshot(inPieces(bytes)),
          /its header promises|not enough memory|of \d+ that/,
        );
        assert.ok(process.memoryUsage.rss() - before < 200e6);
      }
    }
  });

  it('if a byte was changed, or it is read as another valid snapshot', async () => {
    const original = Buffer.from(madeUpSnapshot(3));
    const changes = fc.array(fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (changes) => {
        const bytes = Buffer.from(original);
        for (const [at, byte] of changes) bytes[at] = byte;
        await readOrRefuse(bytes);
      }),
      { numRuns: 400 },
    );
  });

  it('if a piece was cut, repeated or replaced, or it is read as another valid snapshot', async () => {
    const original = Buffer.from(madeUpSnapshot(5));
    const place = fc.nat(original.length);
    await fc.assert(
      fc.asyncProperty(place, place, place, fc.string({ maxLength: 20 }), async (a, b, c, text) => {
        const piece = original.subarray(Math.min(a, b), Math.max(a, b));
        await readOrRefuse(
          Buffer.concat([original.subarray(0, c), piece, Buffer.from(text), original.subarray(a)]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('if its compression is damaged', async (t) => {
    const file = join(await temporaryDirectory(t), 'x.heapsnapshot.gz');
    const packed = gzipSync(madeUpSnapshot(1));
    await writeFile(file, packed.subarray(0, packed.length / 2));
    await assert.rejects(
      openSnapshot(file),
      /x\.heapsnapshot\.gz cannot be decompressed \(unexpected end of file\): copy it again/,
    );
    packed.fill(0x55, 100, 200);
    await writeFile(file, packed);
    await assert.rejects(openSnapshot(file), /cannot be decompressed/);
  });

  it('with the same error by two threads as by one', { timeout: PATIENCE_MS }, async (t) => {
    // Larger than what one thread reads alone; the fault is in what the second thread reads.
    const text = threeNodes();
    const edges = 2_000_000;
    text.header.edge_count = edges;
    text.nodes[4] = edges - 1;
    text.edges = Array.from({ length: edges }, () => [2, 3, 12]).flat();
    text.edges[3 * (edges - 5) + 2] = 13;
    const file = join(await temporaryDirectory(t), 'large.heapsnapshot');
    await writeFile(file, written(text));
    const [one, two] = await Promise.all(
      ([1, 2] as const).map((threads) =>
        openSnapshot(file, { threads }).then(
          () => assert.fail('it was read'),
          (error: unknown) => error,
        ),
      ),
    );
    assert.ok(one instanceof SnapshotFormatError && two instanceof SnapshotFormatError);
    assert.match(one.message, /edge 1999995 is out of range: 2,3,13/);
    assert.deepEqual([two.message, two.offset, two.code], [one.message, one.offset, one.code]);
  });
});

/** A file may be changed so that it still is a snapshot; whatever it is, all that is asked of it is answered. */
async function readOrRefuse(bytes: Buffer): Promise<void> {
  try {
    const snapshot = await openSnapshot(inPieces(bytes));
    snapshot.classes();
    snapshot.duplicateStrings();
  } catch (error) {
    if (!(error instanceof SnapshotFormatError)) throw error;
    assert.match(error.message, /^(the snapshot|not a heap snapshot)/);
  }
}
