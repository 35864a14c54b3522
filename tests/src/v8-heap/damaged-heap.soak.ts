/** Hundreds of damaged heaps of every version: none is read without end, or fails without words. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { findIsolates } from '@afterimage/v8-heap/reader/isolates';
import { nodes } from '../nodes.js';
import { playTarget } from '../targets/native-target.js';
import { assertEachDamageIsTold } from './damaged-heap.js';

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-damaged-'));
after(() => rmSync(directory, { recursive: true }));

const TIMES = Number(process.env.SOAK_ALTERATIONS ?? 400);

for (const node of nodes)
  test(`${TIMES} damaged heaps of Node ${node.version}`, async () => {
    const image = path.join(directory, `${node.major}.image`);
    await playTarget(node, 'sync', image);
    const v8 = execFileSync(node.path, ['-p', 'process.versions.v8'], { encoding: 'utf8' }).trim();
    assertEachDamageIsTold(image, v8, TIMES / 2);
    await playTarget(node, 'lean', image);
    assertEachDamageIsTold(image, v8, TIMES / 2);
    assertEachDamageIsTold(image, v8, TIMES / 4, findIsolates);
  });
