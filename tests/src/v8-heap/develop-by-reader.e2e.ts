/** What is read out of an image, by `develop --by reader` and by the verbs that read images, next to V8's own snapshot. */
import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openSnapshot, type Graph, type Snapshot } from '@afterimage/snapshot';
import createHashes from 'xxhash-wasm';
import { decompressed } from '../../../packages/afterimage/dist/files/compression.js';
import { runCommand } from '../command.js';
import { label, plantedCount } from '../fixtures/planted.js';
import { storeImage } from '../image/stored-image.js';
import { newestNodes, type NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';
import { loadInDevTools } from '../snapshot/devtools-model.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-by-reader-'));
after(() => rmSync(directory, { recursive: true }));

/** Of the target and of Node in it: what the stack holds by chance is not among them. */
const CLASSES = ['PlantedThing', 'Server', 'Socket', 'Promise', 'Generator', 'Map', 'Set'];
/** Node's own code is most of it. */
const MIN_POSITIONS = 1000;
/** Functions that V8 holds while it develops. */
const OF_CAPTURING = 2;

describe('developing by the reader', { timeout: PATIENCE_MS }, () => {
  /** Of the nodes in their order. */
  const images: string[] = [];
  const snapshots: string[] = [];
  before(async () => {
    for (const node of newestNodes) {
      const image = await storeImage(node, directory);
      images.push(image);
      snapshots.push(await developed(image, 'reader', node));
    }
  });

  for (const [index, node] of newestNodes.entries())
    test(`gives the classes, positions and first suspect that V8 gives, of Node ${node.version}`, async () => {
      const ours = await openSnapshot(snapshots[index] ?? '');
      const v8 = await developed(images[index] ?? '', 'v8', node);
      const theirs = await openSnapshot(v8);
      assert.deepEqual(rows(ours), rows(theirs));
      const [our, their] = [positions(ours.graph), positions(theirs.graph)];
      const lacking = [...their].filter((position) => !our.has(position));
      assert.ok(our.size > MIN_POSITIONS && lacking.length <= OF_CAPTURING, lacking.join(' '));
      const [first, firstByV8] = [await firstSuspect(images[index] ?? ''), await firstSuspect(v8)];
      assert.deepEqual(first, firstByV8);
    });

  test('gives what DevTools loads, redacted, and says how it was made', async () => {
    const snapshot = snapshots[0] ?? '';
    const { classes } = await loadInDevTools(snapshot);
    assert.equal(classes.find(({ name }) => name === 'PlantedThing')?.count, plantedCount);
    assert.ok(!readFileSync(snapshot).includes(label(7)));
    const { stdout } = await runCommand(['verify', snapshot, '--json']);
    const { by, unaltered, redaction } = JSON.parse(stdout.toString()) as Record<string, unknown>;
    assert.deepEqual({ by, unaltered, redaction }, { by: 'reader', unaltered: true, redaction: 'strings' });
  });

  test('refuses in one line what is damaged, or of an unknown V8', async () => {
    const bytes = await plainBytes(images[0] ?? '');
    assert.match(await refusal(bytes.subarray(0, -4096)), /the image ends at byte \d+ of \d+/);
    const middle = bytes.length >> 1;
    const flipped = Buffer.from(bytes);
    flipped[middle] = (bytes[middle] ?? 0) ^ 1;
    assert.match(await refusal(flipped), /its contents do not match their digest/);
    bytes.write('"v8Version":"9', bytes.indexOf('"v8Version":"1'));
    const hash = (await createHashes()).create64();
    bytes.writeBigUInt64LE(hash.update(bytes.subarray(0, -16)).digest(), bytes.length - 16);
    assert.match(
      await refusal(bytes),
      /: V8 9\S+ is not among those that can be read; let V8 develop it: --by v8/,
    );
  });
});

async function developed(image: string, by: string, { major }: NodeBinary): Promise<string> {
  const output = path.join(directory, `${major}-${by}.heapsnapshot`);
  const { code, stderr } = await runCommand(['develop', image, '--by', by, '-o', output]);
  assert.equal(code, 0, stderr);
  return output;
}

/** What `analyze` says of it and its process. */
async function firstSuspect(file: string): Promise<object> {
  const { code, stdout, stderr } = await runCommand(['analyze', file, '--json']);
  assert.equal(code, 0, stderr);
  assert.ok(!stdout.includes(label(7).slice(0, 12)));
  const report = JSON.parse(stdout.toString()) as Record<string, unknown> & { suspects: { title: string }[] };
  const { redaction, pid, process: figures, suspects } = report;
  assert.ok(suspects.length > 0);
  return { redaction, pid, figures, title: suspects[0]?.title };
}

/** What the command says of an image that it must not develop. */
async function refusal(image: Uint8Array): Promise<string> {
  const [file, output] = ['altered.image', 'none.heapsnapshot'].map((name) => path.join(directory, name));
  assert.ok(file !== undefined && output !== undefined);
  writeFileSync(file, image);
  const { code, stderr } = await runCommand(['develop', file, '--by', 'reader', '-o', output]);
  assert.equal(code, 1);
  assert.match(stderr, /^afterimage: [^\n]+\n$/);
  return stderr;
}

function rows(snapshot: Snapshot): string[] {
  const classes = snapshot.classes();
  return CLASSES.map((name) => {
    const row = classes.find((each) => each.name === name);
    return `${name} ${row?.count} ${row?.shallowBytes} at ${row?.distance}`;
  });
}

function positions({ locations: { script, line, column } }: Graph): Set<string> {
  return new Set(Array.from(script, (id, row) => `${id}:${line[row]}:${column[row]}`));
}

async function plainBytes(image: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressed(createReadStream(image))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
