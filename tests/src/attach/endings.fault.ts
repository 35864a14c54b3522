/** How `afterimage capture` ends if something fails in the middle, or several captures meet. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { afterTest, memoryCgroup } from '../targets/agent-target.js';
import { endOf, runCommand, startCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { limitMemory, readMemory } from '../memory-cgroup.js';
import { nodeOf } from '../nodes.js';
import {
  assertAsBefore,
  heldBy,
  inspectorOpens,
  needsRoot,
  startPlainTarget,
} from '../targets/plain-target.js';
import { childrenOf } from '../process-census.js';
import { temporaryDirectory } from '../temporary-directory.js';

const grow = 'globalThis.big = Array.from({ length: 300_000 }, (_, i) => ({ i })), 0';

test('a target ends while its image streams', async (t) => {
  const target = await startPlainTarget(t);
  await target.run(grow);
  const directory = await temporaryDirectory(t);
  const command = startCommand(['capture', String(target.pid), '-o', join(directory, 'x')]);
  const end = endOf(command);
  await eventually(() => assert.notDeepEqual(childrenOf(target.pid), {}));
  command.kill('SIGSTOP'); // or the whole image might already be out
  target.child.kill('SIGKILL');
  await target.ended;
  command.kill('SIGCONT');
  const { code, stderr } = await end;
  assert.match(stderr, /^afterimage: process \d+ ended during the capture; nothing was written\n$/);
  assert.deepEqual([code, readdirSync(directory)], [4, []]);
});

test('a target becomes another program', async (t) => {
  const target = await startPlainTarget(t, { node: nodeOf(24).path });
  await target
    .run(`setImmediate(() => process.execve('/bin/sleep', ['sleep', '600'])), 0`)
    .catch(() => undefined);
  await eventually(() => assert.match(readFileSync(`/proc/${target.pid}/comm`, 'utf8'), /sleep/));
  const { code, stderr } = await runCommand(['capture', String(target.pid)]);
  assert.match(stderr, /does not run Node\.js/);
  assert.equal(code, 3);
  assert.match(readFileSync(`/proc/${target.pid}/comm`, 'utf8'), /sleep/);
});

test('Ctrl-C while the image streams', async (t) => {
  const target = await startPlainTarget(t);
  const before = heldBy(target.pid);
  await target.run(grow);
  const directory = await temporaryDirectory(t);
  for (const reached of [
    () => inspectorOpens(target),
    () => eventually(() => assert.notDeepEqual(childrenOf(target.pid), {})),
  ]) {
    const command = startCommand(['capture', String(target.pid), '-o', join(directory, 'x')]);
    const end = endOf(command);
    await reached();
    command.kill('SIGINT');
    const { signal, stderr } = await end;
    assert.equal(stderr, 'afterimage: interrupted by SIGINT; nothing was written\n');
    assert.deepEqual([signal, readdirSync(directory)], ['SIGINT', []]);
    await assertAsBefore(target, before);
  }
});

test('a memory limit leaves no room for a capture', async (t) => {
  const cgroup = memoryCgroup(t, 1 << 30);
  if (cgroup === null) return;
  const target = await startPlainTarget(t);
  writeFileSync(join(cgroup, 'cgroup.procs'), String(target.pid));
  const before = heldBy(target.pid);
  limitMemory(cgroup, readMemory(cgroup, 'usage') + (32 << 20));
  const { code, stderr } = await runCommand(['capture', String(target.pid)]);
  assert.match(
    stderr,
    /^afterimage: not enough memory to capture process \d+: about [\d.]+ MB are needed, [\d.]+ MB available/,
  );
  assert.equal(code, 3);
  await assertAsBefore(target, before);
  assert.equal(target.stderr(), '');
});

test('memory runs low while the image streams', async (t) => {
  const cgroup = memoryCgroup(t, 1 << 30);
  if (cgroup === null) return;
  const target = await startPlainTarget(t);
  writeFileSync(join(cgroup, 'cgroup.procs'), String(target.pid));
  await target.run(grow);
  const before = heldBy(target.pid);
  const directory = await temporaryDirectory(t);
  const command = startCommand(['capture', String(target.pid), '-o', join(directory, 'x')]);
  const end = endOf(command);
  await eventually(() => assert.notDeepEqual(childrenOf(target.pid), {}));
  command.kill('SIGSTOP'); // or the whole image might already be out
  limitMemory(cgroup, readMemory(cgroup, 'usage') + (16 << 20));
  command.kill('SIGCONT');
  const { code, stderr } = await end;
  assert.match(
    stderr,
    /^afterimage: capture aborted, memory low: [\d.]+ MB available \([^\n]*, reserve [\d.]+ MB\n$/,
  );
  assert.deepEqual([code, readdirSync(directory)], [3, []]);
  await assertAsBefore(target, before);
});

test('the disk is full', { skip: needsRoot }, async (t) => {
  const target = await startPlainTarget(t);
  const before = heldBy(target.pid);
  const small = await temporaryDirectory(t);
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'small', small]).status, 0);
  afterTest(t, () => spawnSync('umount', [small]));
  const output = join(small, 'app.heapsnapshot');
  const early = await runCommand(['capture', String(target.pid), '-o', output]);
  assert.match(early.stderr, /^afterimage: not enough disk: [^\n]*--force\n$/);
  assert.equal(early.code, 3);
  const late = await runCommand(['capture', String(target.pid), '-o', output, '--force']);
  assert.match(late.stderr, /^afterimage: the disk is full: \S+ has 0 bytes of 1\.0\d? MB left; [^\n]+\n$/);
  assert.equal(late.code, 1);
  assert.deepEqual(readdirSync(small), []);
  await assertAsBefore(target, before);
});

test('the reader of --json has ended', async (t) => {
  const target = await startPlainTarget(t);
  const directory = await temporaryDirectory(t);
  const command = startCommand(['capture', String(target.pid), '--json', '-o', join(directory, 'x')]);
  command.stdout?.destroy();
  const { stderr, signal } = await endOf(command);
  assert.deepEqual([stderr, signal, readdirSync(directory)], ['', null, ['x']]);
});

test('several commands run at once, on the same target and on another', async (t) => {
  const [one, other] = [await startPlainTarget(t, { flags: [] }), await startPlainTarget(t, { flags: [] })];
  const before = [heldBy(one.pid), heldBy(other.pid)] as const;
  const directory = await temporaryDirectory(t);
  const ends = await Promise.all(
    [one, one, other].map(({ pid }, index) =>
      runCommand(['capture', String(pid), '-o', join(directory, String(index))]),
    ),
  );
  assert.deepEqual(
    ends.map(({ code, stderr }) => (code === 0 ? 0 : stderr)),
    [0, 0, 0],
  );
  await assertAsBefore(one, before[0]);
  await assertAsBefore(other, before[1]);
});

test('one of several targets cannot be captured', async (t) => {
  const target = await startPlainTarget(t);
  const directory = await temporaryDirectory(t);
  const gone = spawnSync('true').pid;
  const output = join(directory, '{pid}');
  const { code, stderr } = await runCommand(['capture', String(gone), String(target.pid), '-o', output]);
  assert.match(
    stderr,
    /^afterimage: process \d+ does not exist\nafterimage: wrote the snapshot [^\n]+\nafterimage: 1 of 2 targets could not be captured\n$/,
  );
  assert.deepEqual([code, readdirSync(directory)], [4, [String(target.pid)]]);
});
