/**
 * Processes that end or stop during a capture: each ends it with one clear line, leaves the server running, and leaves no partial
 * file, process or descriptor; the next capture succeeds.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { afterTest, filesIn, partOf, type Part } from '../targets/agent-target.js';
import { eventually } from '../eventually.js';
import { PATIENCE_MS } from '../patience.js';
import {
  assertGone,
  assertNextSucceeds,
  assertUnaffected,
  outcome,
  scene,
  whenDeveloping,
  whenForked,
} from './fault-scene.js';

test('the image child is killed', async (t) => {
  const at = await scene(t);
  const { collector, child } = await whenForked(at);
  process.kill(child, 'SIGKILL');
  process.kill(collector, 'SIGCONT');
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'child-failed']);
  assert.match(String(line['msg']), /the image child was killed.*; nothing was written/);
  await assertGone(collector, child);
  await assertUnaffected(at);
  await assertNextSucceeds(at);
});

test('the collector is killed while the image is written', async (t) => {
  const at = await scene(t);
  const { collector, child } = await whenForked(at);
  process.kill(collector, 'SIGKILL');
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'collector-failed']);
  assert.match(String(line['msg']), /the collector was killed by SIGKILL; nothing was written/);
  await assertGone(collector, child);
  await assertUnaffected(at);
  await assertNextSucceeds(at);
});

test('the collector is killed while it develops', async (t) => {
  const at = await scene(t);
  const { collector, darkroom } = await whenDeveloping(at);
  process.kill(collector, 'SIGKILL');
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'collector-failed']);
  await assertGone(collector, darkroom);
  await assertUnaffected(at);
  await assertNextSucceeds(at);
});

test('the collector is asked to stop', async (t) => {
  const at = await scene(t);
  const { collector, darkroom } = await whenDeveloping(at);
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.kill(collector, signal);
  process.kill(collector, 'SIGTERM');
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'collector-failed']);
  assert.match(String(line['msg']), /the collector was stopped by SIGTERM; nothing was written/);
  await assertGone(collector, darkroom);
  await assertUnaffected(at);
});

test('signals to the whole process group do not end the capture', async (t) => {
  const at = await scene(t);
  const { collector } = await whenDeveloping(at);
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.kill(collector, signal);
  const line = await outcome(at);
  assert.equal(line.event, 'written', JSON.stringify(line));
});

test('the darkroom is killed', async (t) => {
  const at = await scene(t);
  const { darkroom } = await whenDeveloping(at);
  process.kill(darkroom, 'SIGKILL');
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code'], line['detail']], ['failed', 'develop-failed', 'killed']);
  await assertUnaffected(at);
  await assertNextSucceeds(at);
});

test('the capture times out', async (t) => {
  // Long enough to be forked by then; the stopped collector lets nothing continue.
  const at = await scene(t, { timeoutMs: 10_000 });
  const { collector, child } = await whenForked(at);
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'timeout']);
  await assertGone(collector, child);
  await assertUnaffected(at);
});

test('the agent is uninstalled', async (t) => {
  const at = await scene(t);
  const { collector, darkroom } = await whenDeveloping(at);
  await at.target.get('/uninstall');
  const line = await outcome(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'uninstalled']);
  await assertGone(collector, darkroom);
  assert.deepEqual(filesIn(at.directory), []);
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  for (const step of ['forked', 'developing'] as const) {
    test(`the server ends by ${signal}, ${step}`, async (t) => {
      const at = await scene(t);
      const found: Partial<Record<Part, number>> =
        step === 'forked' ? await whenForked(at) : await whenDeveloping(at);
      const pids = Object.values(found);
      // It must not wait for the stopped collector.
      process.kill(found.collector ?? 0, 'SIGSTOP');
      at.target.child.kill(signal);
      assert.deepEqual(await at.target.ended, { code: null, signal });
      process.kill(found.collector ?? 0, 'SIGCONT');
      await assertGone(...pids);
      assert.deepEqual(filesIn(at.directory), []);
    });
  }
}

test('the server exits by itself', async (t) => {
  const at = await scene(t);
  const { collector, darkroom } = await whenDeveloping(at);
  at.target.child.stdin?.end(); // process.exit(0)
  assert.deepEqual(await at.target.ended, { code: 0, signal: null });
  await assertGone(collector, darkroom);
  assert.deepEqual(filesIn(at.directory), []);
});

test('server and collector are killed together, and the next capture cleans up', async (t) => {
  const at = await scene(t);
  const { collector, darkroom } = await whenDeveloping(at);
  process.kill(collector, 'SIGSTOP');
  at.target.child.kill('SIGKILL');
  process.kill(collector, 'SIGKILL');
  await assertGone(collector, darkroom);
  assert.match(filesIn(at.directory).join(), /^a\.heapsnapshot\.[0-9a-f]{8}-\d+-\d+-[0-9a-f]{8}\.partial$/);
  await assertNextSucceeds(await scene(t, {}, at.directory));
});

/** Creates a pids cgroup; null if that is impossible. */
function pidsCgroup(t: TestContext): string | null {
  const root = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((each) =>
    existsSync(join(each, 'cgroup.procs')),
  );
  const path = join(root ?? '', `agent-faults-${process.pid}`);
  try {
    mkdirSync(path);
    writeFileSync(join(path, 'pids.max'), 'max');
  } catch (error) {
    t.skip(`cannot make a pids cgroup here: ${String(error)}`);
    return null;
  }
  afterTest(t, () => eventually(() => rmdirSync(path)));
  return path;
}

test('a collector that cannot start its threads ends with the server', async (t) => {
  const cgroup = pidsCgroup(t);
  if (cgroup === null) return;
  const members = (): number[] =>
    readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').trim().split('\n').filter(Boolean).map(Number);
  for (const free of [1, 3]) {
    writeFileSync(join(cgroup, 'pids.max'), 'max');
    const at = await scene(t);
    writeFileSync(join(cgroup, 'cgroup.procs'), String(at.target.pid));
    const now = Number(readFileSync(join(cgroup, 'pids.current'), 'utf8'));
    writeFileSync(join(cgroup, 'pids.max'), String(now + free));
    at.target.child.kill('SIGUSR2');
    // It hangs while starting, or has aborted: Node.js versions differ.
    await at.target.lines.next(['started'], PATIENCE_MS);
    const first = await Promise.race([
      partOf(at.target, 'collector').catch(() => null),
      at.target.lines.next(['failed'], PATIENCE_MS),
    ]);
    assert.ok(first !== null);
    at.target.child.kill('SIGKILL');
    await at.target.ended;
    await eventually(() => assert.deepEqual(members(), []));
  }
});
