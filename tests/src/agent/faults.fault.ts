/**
 * Faults during a capture: each ends it with one clear line, leaves the server running, and leaves no partial
 * file, process or descriptor; the next capture succeeds.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { AgentOptions } from '@afterimage/agent';
import type { AgentLine } from '../targets/agent-lines.js';
import {
  afterTest,
  filesIn,
  memoryCgroup,
  isRunning,
  partOf,
  startTarget,
  temporaryDirectory,
  type Part,
  type Target,
} from '../targets/agent-target.js';
import { eventually } from '../eventually.js';
import { census } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

/** Enough that each step of a capture takes a while. */
const THINGS = '200000';

interface Scene {
  target: Target;
  directory: string;
  /** The server's pipes and sockets before any capture. */
  descriptors: Record<string, number>;
}

function streams(target: Target): Record<string, number> {
  const { 'pipe:[]': pipes = 0, 'socket:[]': sockets = 0 } = census(target.pid).descriptors;
  return { pipes, sockets };
}

async function scene(
  t: TestContext,
  options: AgentOptions = {},
  directory = temporaryDirectory(t),
): Promise<Scene> {
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, {
    options: { allow: true, path, ...options },
    env: { TARGET_THINGS: THINGS },
  });
  await target.get('/'); // keeps the connection, as each later request does
  return { target, directory, descriptors: streams(target) };
}

async function outcome({ target }: Scene): Promise<AgentLine> {
  return target.lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
}

async function capture(scene: Scene): Promise<AgentLine> {
  scene.target.child.kill('SIGUSR2');
  return outcome(scene);
}

/** The server responds, and nothing of the capture is left. */
async function assertUnaffected(
  { target, directory, descriptors }: Scene,
  left: string[] = [],
): Promise<void> {
  assert.deepEqual(await target.get('/'), { things: Number(THINGS) });
  await eventually(() => assert.deepEqual(census(target.pid).children, {}));
  assert.deepEqual(filesIn(directory), left);
  await eventually(() => assert.deepEqual(streams(target), descriptors));
  assert.deepEqual(target.lines.otherOutput, []);
}

async function assertNextSucceeds(scene: Scene): Promise<void> {
  const line = await capture(scene);
  assert.equal(line.event, 'written', JSON.stringify(line));
  await assertUnaffected(scene, ['a.heapsnapshot']);
}

/** Stops the collector, so that nothing else can continue: the moment to inject the fault. */
async function whenForked({ target }: Scene): Promise<{ collector: number; child: number }> {
  target.child.kill('SIGUSR2');
  const child = await partOf(target, 'child');
  const collector = await partOf(target, 'collector');
  process.kill(collector, 'SIGSTOP');
  return { collector, child };
}

async function whenDeveloping({ target }: Scene): Promise<{ collector: number; darkroom: number }> {
  target.child.kill('SIGUSR2');
  await target.lines.next(['captured'], PATIENCE_MS);
  return { collector: await partOf(target, 'collector'), darkroom: await partOf(target, 'darkroom') };
}

async function assertGone(...pids: number[]): Promise<void> {
  await eventually(() => assert.deepEqual(pids.filter(isRunning), []));
}

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

test('the darkroom is missing, or not executable', async (t) => {
  const plainFile = join(temporaryDirectory(t), 'darkroom');
  writeFileSync(plainFile, '', { mode: 0o600 });
  for (const darkroom of ['/nonexistent/darkroom', plainFile]) {
    const at = await scene(t, { darkroom });
    const line = await capture(at);
    assert.deepEqual(
      [line.event, line['code'], line['detail']],
      ['failed', 'develop-failed', 'program-missing'],
    );
    assert.ok(String(line['msg']).includes(darkroom));
    await assertUnaffected(at);
  }
});

test('an image that cannot be developed is captured again, at most twice', async (t) => {
  const directory = temporaryDirectory(t);
  const darkroom = join(directory, 'darkroom');
  // 65: its addresses were taken (native/exit_codes.h).
  writeFileSync(darkroom, '#!/bin/sh\nexit 65\n');
  chmodSync(darkroom, 0o755);
  const at = await scene(t, { darkroom });
  at.target.child.kill('SIGUSR2');
  for (const attempt of [1, 2, 3]) {
    const line = await at.target.lines.next(['started', 'failed'], PATIENCE_MS);
    assert.deepEqual([line.event, line['attempt']], ['started', attempt]);
  }
  const line = await outcome(at);
  assert.deepEqual([line.event, line['detail']], ['failed', 'address-unavailable']);
  await assertUnaffected(at);
});

test('an occupied path or a missing directory is refused, and nothing is started', async (t) => {
  const directory = temporaryDirectory(t);
  symlinkSync('/etc/hostname', join(directory, 'link'));
  mkdirSync(join(directory, 'directory'));
  for (const [name, reason] of [
    ['link', /is a symbolic link; remove it/],
    ['directory', /is a directory; remove it/],
    ['missing/a.heapsnapshot', /missing does not exist; make it or choose another path/],
  ] as const) {
    const at = await scene(t, { path: join(directory, name) }, directory);
    at.target.child.kill('SIGUSR2');
    const line = await at.target.lines.next(['refused', 'started'], PATIENCE_MS);
    assert.deepEqual([line.event, line['code']], ['refused', 'output']);
    assert.match(String(line['msg']), reason);
    await assertUnaffected(at, ['directory', 'link']);
  }
  assert.equal(readlinkSync(join(directory, 'link')), '/etc/hostname');
});

test('the directory is not writable', async (t) => {
  // No user can create files in /sys, not even root, for whom permissions do not count.
  const at = await scene(t, { path: '/sys/a.heapsnapshot' });
  const line = await capture(at);
  assert.ok(line.event === 'refused' || line.event === 'failed');
  assert.equal(line['code'], 'output');
  assert.match(String(line['msg']), /\/sys cannot be written to .*; choose another path/);
  await assertUnaffected(at);
});

/** Mounts a disk of this many MB; null if this user cannot. */
function smallDisk(t: TestContext, megabytes: number): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'agent-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory]);
  afterTest(t, () => {
    if (status === 0) spawnSync('umount', ['--lazy', directory]);
    rmdirSync(directory);
  });
  if (status === 0) return directory;
  t.skip('cannot mount a small tmpfs here');
  return null;
}

test('a disk that is too small is refused with the figures', async (t) => {
  const directory = smallDisk(t, 8);
  if (directory === null) return;
  const at = await scene(t, {}, directory);
  const line = await capture(at);
  assert.deepEqual([line.event, line['code']], ['refused', 'disk']);
  assert.match(String(line['msg']), /not enough disk: .* has [\d.]+ MB free, about [\d.]+ MB are needed/);
  await assertUnaffected(at);
});

for (const develop of ['always', 'never'] as const) {
  test(`the disk fills up during the capture, develop '${develop}'`, async (t) => {
    const directory = smallDisk(t, 400);
    if (directory === null) return;
    const at = await scene(t, { develop, storePlainImage: true }, directory);
    const { collector } = develop === 'never' ? await whenForked(at) : await whenDeveloping(at);
    process.kill(collector, 'SIGSTOP');
    spawnSync('dd', ['if=/dev/zero', `of=${join(directory, 'filler')}`, 'bs=1M'], { stdio: 'ignore' });
    process.kill(collector, 'SIGCONT');
    const line = await outcome(at);
    assert.deepEqual([line.event, line['code']], ['failed', 'disk'], JSON.stringify(line));
    assert.match(String(line['msg']), /disk/);
    await assertUnaffected(at, ['filler']);
  });
}

test('if memory runs low while developing, the capture aborts and the server lives', async (t) => {
  const cgroup = memoryCgroup(t, 320 << 20);
  if (cgroup === null) return;
  const at = await scene(t, { develop: 'always' });
  writeFileSync(join(cgroup, 'cgroup.procs'), String(at.target.pid));
  const line = await capture(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'headroom'], JSON.stringify(line));
  assert.match(String(line['msg']), /memory low: [\d.]+ MB available \(cgroup .*afterimage develop/);
  await assertUnaffected(at);
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

test("developing on the server's machine has its own memory limit", async (t) => {
  const stored = await scene(t, { storePlainImage: true, developMemoryMb: 50 });
  const line = await capture(stored);
  assert.deepEqual([line.event, line.kind], ['written', 'image'], JSON.stringify(line));
  assert.match(
    String(line['why']),
    /developing it takes up to [\d.]+ .B of memory, at most 50(\.0)? MB are allowed here/,
  );

  const given = await scene(t, { develop: 'always', developMemoryMb: 50 });
  const failed = await capture(given);
  assert.deepEqual([failed.event, failed['code']], ['failed', 'headroom'], JSON.stringify(failed));
  assert.match(
    String(failed['msg']),
    /developing used [\d.]+ MB of memory, more than the 50(\.0)? MB allowed/,
  );
  await assertUnaffected(given);
});
