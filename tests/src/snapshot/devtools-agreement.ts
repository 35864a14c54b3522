/** Whether the reader agrees with DevTools' own heap model about snapshots of programs that fill their heaps differently. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSnapshot } from '@afterimage/snapshot';
import { differences } from './devtools-differences.js';
import { loadNodesInDevTools } from './devtools-model.js';
import { nodes, type NodeBinary } from '../nodes.js';
import type { How } from './programs/write.js';
import { temporaryDirectory } from '../temporary-directory.js';

const writer = fileURLToPath(new URL('programs/write.js', import.meta.url));

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

interface Agreement {
  name: string;
  assert: (t: TestContext) => Promise<void>;
}

/** A quarter of the programs on each Node, so that it has all of both; or the other three. */
export function agreements(part: 'quarter' | 'rest'): Agreement[] {
  return nodes.flatMap((node, column) =>
    snapshots
      .filter((_, row) => ((row + column) % 4 === 0) === (part === 'quarter'))
      .map(([program, how]) => ({
        name: `Node ${node.version}, ${program}${how === 'plain' ? '' : ` with ${how}`}`,
        assert: async (t) => assertAgree(await written(t, node, program, how)),
      })),
  );
}

async function written(t: TestContext, node: NodeBinary, program: string, how: How): Promise<string> {
  const file = join(await temporaryDirectory(t), `${program}.heapsnapshot`);
  await promisify(execFile)(node.path, [writer, program, how, file], { timeout: 60_000 });
  return file;
}

/** On every node, class row and duplicate string. Removes the file. */
export async function assertAgree(file: string): Promise<void> {
  const [ours, theirs] = await Promise.all([openSnapshot(file), loadNodesInDevTools(file)]);
  await rm(file);
  assert.equal(differences(ours, theirs).join('\n'), '');
}
