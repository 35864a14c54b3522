/**
 * `afterimage heap`: its figures compared with those of the process itself, and its classes with a snapshot
 * of it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openSnapshot, type ClassRow } from '@afterimage/snapshot';
import { afterTest } from '../targets/agent-target.js';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { nodeOf, outerNodes } from '../nodes.js';
import {
  anyPort,
  assertAsBefore,
  heldBy,
  needsOtherUsers,
  startPlainTarget,
  type PlainTarget,
} from '../targets/plain-target.js';
import { assertNear, classNamed, heapOf, PLANTED, planting } from '../snapshot/planted-heap.js';
import { temporaryDirectory } from '../temporary-directory.js';

/** Of what a snapshot shows of the target itself. */
async function classesOf(t: TestContext, target: PlainTarget): Promise<readonly ClassRow[]> {
  const file = join(await temporaryDirectory(t), 'truth.heapsnapshot');
  await target.run(`require('v8').writeHeapSnapshot(${JSON.stringify(file)})`);
  return (await openSnapshot(file)).classes();
}

describe('a small heap, which is read completely, agrees with a snapshot', () => {
  for (const node of outerNodes) {
    it(`Node ${node.version}`, async (t) => {
      const target = await startPlainTarget(t, { node: node.path, flags: [anyPort, '--expose-gc'] });
      const before = heldBy(target.pid);
      await target.run(planting(1));
      await target.run('gc()');
      const heap = await heapOf(target);
      await assertAsBefore(target, before);

      assert.equal(heap.nodeVersion, node.version);
      assert.equal(heap.sampledShare, 1);
      const truth = await classesOf(t, target);
      for (const name of PLANTED) {
        const found = classNamed(heap, name);
        const real = truth.find((each) => each.name === name);
        assert.ok(real, `no class ${name} in the snapshot`);
        assertNear(found.count, real.count, 0.05, `count of ${name}`);
        assertNear(found.bytes, real.shallowBytes, 0.05, `bytes of ${name}`);
        assert.equal(found.countMargin, 0);
      }
      const ranks = (names: string[]): string[] => names.filter((name) => PLANTED.includes(name));
      const bySize = [...truth].sort((a, b) => b.shallowBytes - a.shallowBytes);
      assert.deepEqual(
        ranks(heap.classes?.map(({ name }) => name) ?? []),
        ranks(bySize.map(({ name }) => name)),
      );
      for (const name of ['Function', '(string)', '(number)', 'system / Context']) {
        const real = truth.filter((each) => each.name === name);
        const count = real.reduce((sum, each) => sum + each.count, 0);
        assertNear(classNamed(heap, name).count, count, 0.15, `count of ${name}`);
      }
    });
  }
});

it('the figures are those of the process', async (t) => {
  const target = await startPlainTarget(t);
  await target.run(
    `globalThis.kept = Buffer.alloc(30e6, 1); globalThis.timers = [1, 2, 3].map(() => setInterval(() => 0, 1e6)); 0`,
  );
  const heap = await heapOf(target);
  const own = (await target.run(
    `({ memory: process.memoryUsage(), limit: require('v8').getHeapStatistics().heap_size_limit })`,
  )) as { memory: NodeJS.MemoryUsage; limit: number };
  assert.equal(heap.pid, target.pid);
  assert.equal(heap.heap.limitBytes, own.limit);
  assertNear(heap.heap.usedBytes, own.memory.heapUsed, 0.3, 'used');
  assertNear(heap.rssBytes, own.memory.rss, 0.3, 'resident');
  assert.ok(heap.arrayBufferBytes >= 30e6 && heap.arrayBufferBytes <= heap.externalBytes);
  assert.ok(heap.eventLoopUtilization >= 0 && heap.eventLoopUtilization <= 1);
  const sum = heap.spaces.reduce((bytes, { usedBytes }) => bytes + usedBytes, 0);
  assertNear(sum, heap.heap.usedBytes, 0.25, 'sum of the spaces');
  assert.equal(heap.resources.find(({ type }) => type === 'Timeout')?.count, 3);
  // The connection by which the inspector is closed again is not one of the process.
  assert.equal(
    heap.resources.find(({ type }) => type === 'ConnectWrap'),
    undefined,
  );
});

it('only the heap of the main thread counts', async (t) => {
  const target = await startPlainTarget(t);
  await target.run(`
    const { Worker } = require('worker_threads');
    const worker = new Worker(
      "class OfWorker { constructor(i) { this.i = i; } } globalThis.all = Array.from({ length: 1000000 }, (_, i) => new OfWorker(i)); require('worker_threads').parentPort.on('message', () => 0).postMessage('ready')",
      { eval: true });
    globalThis.isReady = false;
    worker.once('message', () => (globalThis.isReady = true));
    globalThis.ofMain = Array.from({ length: 20000 }, (_, i) => new (class OfMain {})());
    0`);
  await eventually(async () => assert.equal(await target.run('globalThis.isReady'), true));
  const heap = await heapOf(target);
  classNamed(heap, 'OfMain');
  assert.equal(
    heap.classes?.find(({ name }) => name === 'OfWorker'),
    undefined,
  );
});

it('names are escaped, and lines fit the terminal', async (t) => {
  const target = await startPlainTarget(t);
  await target.run(
    `globalThis.hostile = Array.from({ length: 30000 }, (_, i) => ({ '\\u001b[2Jred\\u202e': 'a' + i, ['long'.repeat(60)]: {} })); 0`,
  );
  const { code, stdout, stderr } = await runCommand(['heap', String(target.pid), '--top', '5']);
  assert.equal(code, 0, stderr);
  const text = stdout.toString();
  assert.match(text, /\{\\x1b\[2Jred\\u202e/);
  for (const mark of ['\u001b', '\u202e']) assert.ok(!text.includes(mark), text);
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  );
  assert.match(text, /^process \d+\n\n {2}Node /);
  assert.match(text, /heap used +[\d.]+ MB, [\d.]+ % of the limit/);
  assert.match(text, /\n {2}and \d+ classes more\n$/);
});

it('without postmortem metadata it shows only the figures, and why', async (t) => {
  const directory = await temporaryDirectory(t);
  const node = join(directory, 'node');
  const program = await readFile(nodeOf(24).path);
  const [name, other] = [Buffer.from('v8dbg_'), Buffer.from('v8dbx_')];
  for (let at = program.indexOf(name); at !== -1; at = program.indexOf(name, at)) other.copy(program, at);
  await writeFile(node, program);
  await chmod(node, 0o755);
  const target = await startPlainTarget(t, { node });
  const heap = await heapOf(target);
  assert.ok(heap.heap.usedBytes > 1e6);
  assert.equal(heap.classes, null);
  assert.equal(heap.sampledShare, null);
  const sentence =
    'The biggest classes cannot be determined for this Node 24: its Node.js has no postmortem metadata.';
  assert.equal(heap.noClasses, sentence);
  const { stdout } = await runCommand(['heap', String(target.pid)]);
  assert.ok(stdout.toString().replaceAll(/\s+/g, ' ').includes(sentence), stdout.toString());
});

it('works in a process that may not load addons', async (t) => {
  const target = await startPlainTarget(t, { flags: [anyPort, '--no-addons'] });
  const heap = await heapOf(target);
  assert.equal(heap.noClasses, null);
});

describe('heap refuses in one line', () => {
  it('a process that is not Node.js', async (t) => {
    const child = spawn('sleep', ['60']);
    afterTest(t, () => void child.kill());
    await once(child, 'spawn');
    const { code, stdout, stderr } = await runCommand(['heap', String(child.pid)]);
    assert.equal(code, 3);
    assert.equal(stdout.toString(), '');
    assert.match(stderr, /^afterimage: process \d+ does not run Node\.js \(nothing was sent to it\)\n$/);
  });

  it('a process that has ended', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    const { code, stderr } = await runCommand(['heap', String(child.pid)]);
    assert.equal(code, 4);
    assert.match(stderr, /^afterimage: process \d+ does not exist\n$/);
  });

  it("another user's process", { skip: needsOtherUsers }, async (t) => {
    const target = await startPlainTarget(t);
    const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const { code, stderr } = await runCommand(['heap', String(target.pid)], { prefix });
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^afterimage: process \d+ belongs to user id 0, and user id 65534 cannot inspect it/,
    );
  });

  it('an invalid target', async () => {
    const { code, stderr } = await runCommand(['heap', 'shop']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^afterimage: shop is neither a process id nor pod\/NAME.*; see afterimage heap --help\n$/,
    );
  });
});
