/** IDs that last: an object has the same one in two images of its process, and no other object has it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serialsInHeap, type SerialsInHeap } from '../../../bench/dist/read/serials-in-heap.js';
import { runCommand } from '../command.js';
import { outerNodes, type NodeBinary } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';
import { compareInDevTools } from '../snapshot/devtools-model.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-ids-'));
after(() => rmSync(directory, { recursive: true }));
const program = fileURLToPath(new URL('../../../bench/dist/read/programs/serials.js', import.meta.url));

/** Few enough that two of them hardly ever ask for the same ID. */
const COUNT = 1000;
const SCENARIOS = ['append', 'cache', 'compaction'];
/** What has its serial number in itself, and what only such an object holds. */
const WITH_SERIALS = [
  'Entry',
  'Late',
  'literal',
  'closure',
  'its context',
  'array',
  'text',
  'Entry, its box',
];
const MIN_PRECISION = 0.999;
const MIN_RECALL = 0.995;

for (const node of outerNodes)
  describe(`of Node ${node.version}`, { timeout: PATIENCE_MS }, () => {
    for (const scenario of SCENARIOS)
      test(`IDs last: ${scenario}`, async () => {
        const [before, after] = (await knownImages(node, scenario)).map(serialsInHeap);
        assert.ok(before !== undefined && after !== undefined);
        assert.equal(new Set(after.ids).size, after.ids.length);
        for (const kind of before.kinds.keys()) {
          const { both, right, wrong } = compared(kind, before, after);
          assert.ok(
            wrong <= (1 - MIN_PRECISION) * (right + wrong),
            `${kind}: ${wrong} wrong, ${right} right`,
          );
          if (WITH_SERIALS.includes(kind))
            assert.ok(right >= MIN_RECALL * both - 1, `${kind}: ${right} of ${both}`);
        }
      });

    test("DevTools' Comparison view shows what is new and what is gone", async () => {
      const [before, after] = (await knownImages(node, 'append')) as [string, string];
      const [base, file] = [await developed(before), await developed(after)];
      const rows = await compareInDevTools(file, base);
      const { added, removed } = rows.find(({ name }) => name === 'Entry') ?? { added: 0, removed: 0 };
      assert.deepEqual({ added, removed }, { added: COUNT, removed: 0 });
      const { stdout } = await runCommand(['diff', base, file, '--json']);
      const { classes } = JSON.parse(stdout.toString()) as {
        classes: { name: string; instances: unknown }[];
      };
      const entries = classes.find(({ name }) => name === 'Entry');
      assert.deepEqual(entries?.instances, { kept: COUNT, new: COUNT, gone: 0 });
    });

    test('IDs of another process have nothing to do with these', async () => {
      const images = [await knownImages(node, 'append'), await imagesOf(node, 'append')] as [
        string[],
        string[],
      ];
      const [one, other] = images.map(([image = '']) => serialsInHeap(image));
      assert.ok(one !== undefined && other !== undefined);
      const known = new Set(one.ids);
      const shared = other.ids.filter((id) => known.has(id)).length;
      assert.ok(shared < SHARED_BY_CHANCE, `${shared} shared`);
      const { stdout } = await runCommand(['diff', ...images.map(([image = '']) => image), '--json']);
      const { classes } = JSON.parse(stdout.toString()) as { classes: { instances: unknown }[] };
      assert.ok(classes.every(({ instances }) => instances === null));
    });
  });

/** The roots have fixed numbers. */
const SHARED_BY_CHANCE = 100;

let images = 0;
const known = new Map<string, Promise<string[]>>();

/** Of one process, for several tests. */
function knownImages(node: NodeBinary, scenario: string): Promise<string[]> {
  const key = `${node.major} ${scenario}`;
  const made = known.get(key) ?? imagesOf(node, scenario);
  known.set(key, made);
  return made;
}

async function imagesOf({ path: binary }: NodeBinary, scenario: string): Promise<string[]> {
  const files = ['before', 'after'].map((name) => path.join(directory, `${++images}-${name}.image`));
  await promisify(execFile)(binary, ['--expose-gc', program, scenario, ...files], {
    env: { ...process.env, SERIALS: `${COUNT}` },
    timeout: PATIENCE_MS,
  });
  return files;
}

async function developed(image: string): Promise<string> {
  const snapshot = image.replace(/image$/, 'heapsnapshot');
  await runCommand(['develop', image, '--by', 'reader', '-o', snapshot]);
  return snapshot;
}

function compared(
  kind: string,
  before: SerialsInHeap,
  after: SerialsInHeap,
): { both: number; right: number; wrong: number } {
  const now = after.kinds.get(kind) ?? new Map<number, number>();
  const serialOf = new Map([...now].map(([serial, id]) => [id, serial]));
  let [both, right, wrong] = [0, 0, 0];
  for (const [serial, id] of before.kinds.get(kind) ?? []) {
    if (now.has(serial)) both++;
    const found = serialOf.get(id);
    if (found === serial) right++;
    else if (found !== undefined) wrong++;
  }
  return { both, right, wrong };
}
