/**
 * The reader agrees with DevTools' own heap model on every node, class row and duplicate string, for snapshots of
 * every Node version made from programs that fill their heaps in very different ways.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { open } from '@afterimage/snapshot';
import { differences } from './devtools-differences.js';
import { loadNodesInDevTools } from './devtools-model.js';
import { madeUpSnapshot } from './made-up-snapshot.js';
import { nodes, type NodeBinary } from './nodes.js';
import type { How } from './snapshot-programs/write.js';
import { temporaryDirectory } from './temporary-directory.js';

const writer = fileURLToPath(new URL('snapshot-programs/write.js', import.meta.url));

const MADE_UP = 25;

const snapshots: [program: string, how: How][] = [
  ['shop', 'plain'],
  ['weak', 'plain'],
  ['shapes', 'plain'],
  ['functions', 'plain'],
  ['memory', 'plain'],
  ['realms', 'plain'],
  ['shapes', 'internals'],
  ['shop', 'numbers'],
  ['functions', 'allocations'],
];

describe('the analysis of a snapshot equals that of DevTools', { concurrency: 2 }, () => {
  for (const node of nodes) {
    for (const [program, how] of snapshots) {
      const options = how === 'plain' ? '' : ` with ${how}`;
      it(`Node ${node.version}, ${program}${options}`, { timeout: 120_000 }, async (t) => {
        const file = join(await temporaryDirectory(t), `${program}.heapsnapshot`);
        await writeSnapshot(node, program, how, file);
        assert.equal(await differencesOf(file), '');
      });
    }
  }

  it('graphs made up', { timeout: 120_000 }, async (t) => {
    const directory = await temporaryDirectory(t);
    for (let seed = 1; seed <= MADE_UP; seed++) {
      const file = join(directory, `${seed}.heapsnapshot`);
      await writeFile(file, madeUpSnapshot(seed));
      assert.equal(await differencesOf(file), '', `seed ${seed}`);
    }
  });
});

async function writeSnapshot(node: NodeBinary, program: string, how: How, file: string): Promise<void> {
  await promisify(execFile)(node.path, [writer, program, how, file], { timeout: 60_000 });
}

async function differencesOf(file: string): Promise<string> {
  const [ours, theirs] = await Promise.all([open(file), loadNodesInDevTools(file)]);
  await rm(file);
  return differences(ours, theirs).join('\n');
}
