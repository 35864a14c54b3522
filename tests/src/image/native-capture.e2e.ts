/** The native addon by itself: parking, forking, the child's life and its end, on every Node version. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { describeChildExit } from '../../../packages/image/dist/native-part.js';
import { eventually } from '../eventually.js';
import { playTarget, type Played } from '../targets/native-target.js';
import { nodes } from '../nodes.js';

interface Seen {
  descriptors: number;
  marks: number;
  children: string[];
}

const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-native-'));
after(() => rmSync(directory, { recursive: true }));

for (const node of nodes) {
  describe(`on Node ${node.version}`, () => {
    const image = path.join(directory, `${node.major}.image`);

    test('writes an image and leaves the target as it was', async () => {
      const seen = await playTarget<Played & { before: Seen; after: Seen }>(node, 'image', image);
      assert.deepEqual(seen.end, { exitCode: 0, signal: null });
      assert.ok(seen.fork && seen.fork.pauseMs > 0 && seen.fork.workers > 0 && seen.fork.mappings > 0);
      assert.ok(statSync(image).size > 50e6);
      assert.equal(seen.after.descriptors, seen.before.descriptors);
      assert.deepEqual(seen.after.children, [], 'no child and no zombie');
      // V8 makes and frees pages meanwhile; but not all of them.
      assert.ok(seen.before.marks > 20, `${seen.before.marks} marks`);
      assert.ok(
        Math.abs(seen.after.marks - seen.before.marks) < seen.before.marks / 4,
        `${seen.before.marks} mappings were kept from children before, ${seen.after.marks} after`,
      );
    });

    test('a synchronous capture does the same', async () => {
      const seen = await playTarget<Played & { after: Seen }>(node, 'sync', image);
      assert.deepEqual(seen.end, { exitCode: 0, signal: null });
      assert.deepEqual(seen.after.children, []);
    });

    test('parking has a time limit even while the main thread is busy, and can be retried', async () => {
      const { first, second } = await playTarget<{ first: Played; second: Played }>(node, 'park-timeout');
      assert.equal(first.failure?.code, 'park-timeout');
      assert.deepEqual(second.end, { exitCode: 0, signal: null });
    });

    test('a second capture during the first is rejected', async () => {
      const { first, second } = await playTarget<{ first: Played; second: Played }>(node, 'busy');
      assert.equal(second.failure?.code, 'busy');
      assert.deepEqual(first.end, { exitCode: 0, signal: null });
    });

    test('a killed child is reaped and reported', async () => {
      const { end } = await playTarget(node, 'child-killed');
      assert.deepEqual(end, { exitCode: null, signal: 9 });
      assert.match(describeChildExit(null, 9) ?? '', /killed/);
    });

    test('an ended collector is reported', async () => {
      const { end } = await playTarget(node, 'output-closed');
      assert.match(
        describeChildExit(end?.exitCode ?? null, end?.signal ?? null) ?? '',
        /its receiver has closed/,
      );
    });

    test('the child gathers its memory, so that it needs few page tables', async () => {
      const { own, child } = await playTarget<{ own: number; child: number }>(node, 'page-tables');
      assert.ok(child < own / 2, `the target's page tables have ${own} kB, the child's ${child} kB`);
    });

    test('the child ends with its target', async () => {
      const { fork } = await playTarget(node, 'target-exits');
      assert.ok(fork);
      await eventually(() => assert.ok(!existsSync(`/proc/${fork.pid}`), `child ${fork.pid} is still there`));
    });

    test('a target that exits while its workers are parking exits at once', async () => {
      const started = performance.now();
      await playTarget(node, 'exit-while-parking');
      // The bound of that parking is 60 s, and so is the one on the target.
      assert.ok(performance.now() - started < 50_000);
    });
  });
}
