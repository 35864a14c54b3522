/**
 * Files, disks, memory and programs that fail during a capture: each ends it with one clear line, leaves the server running, and leaves no partial
 * file, process or descriptor; the next capture succeeds.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { afterTest, memoryCgroup, temporaryDirectory } from '../targets/agent-target.js';
import { PATIENCE_MS } from '../patience.js';
import { assertUnaffected, capture, outcome, scene, whenDeveloping, whenForked } from './fault-scene.js';

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
  const at = await scene(t, { develop: 'always', developBy: 'v8' });
  writeFileSync(join(cgroup, 'cgroup.procs'), String(at.target.pid));
  const line = await capture(at);
  assert.deepEqual([line.event, line['code']], ['failed', 'headroom'], JSON.stringify(line));
  assert.match(String(line['msg']), /memory low: [\d.]+ MB available \(cgroup .*afterimage develop/);
  await assertUnaffected(at);
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
