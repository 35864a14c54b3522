/** An inspector that cannot be closed yet is reported on exit, with its own exit code, and closed later. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { nodeOf } from '../nodes.js';
import { assertAsBefore, heldBy, startPlainTarget, watchdogsOf } from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

test('waits as long as requested for a main thread in native code, then exits with code 5', async (t) => {
  const target = await startPlainTarget(t, { node: nodeOf(24).path });
  const before = heldBy(target.pid);
  // Opening a named pipe for reading returns when it is opened for writing.
  const pipe = join(await temporaryDirectory(t), 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const done = target.run(
    `process.stderr.write('begun'); require('node:fs').readFileSync(${JSON.stringify(pipe)}), 1`,
  );
  await eventually(() => assert.match(target.stderr(), /begun/));
  const { code, stderr } = await runCommand(['heap', String(target.pid), '--wait', '1']);
  assert.match(
    stderr,
    /^afterimage: process \d+ was sent SIGUSR1 and opened no inspector within 1 s: its main thread is in native code; [^\n]*\(by process \d+, which waits for it for 1 h\)[^\n]*--wait SECONDS\n$/,
  );
  assert.equal(code, 5);
  assert.equal(watchdogsOf(target.pid).length, 1);
  writeFileSync(pipe, '');
  await done;
  await assertAsBefore(target, before);
  assert.match(target.stderr(), /Debugger listening/);
});

test('waits for a main thread that returns in time', async (t) => {
  const target = await startPlainTarget(t, { node: nodeOf(22).path });
  const before = heldBy(target.pid);
  const done = target.run(
    `process.stderr.write('begun'); require('node:child_process').spawnSync('sleep', ['3']), 1`,
  );
  await eventually(() => assert.match(target.stderr(), /begun/));
  const { code, stderr } = await runCommand(['heap', String(target.pid), '--wait', '100']);
  assert.deepEqual([code, stderr], [0, '']);
  await done;
  await assertAsBefore(target, before);
});

test('refuses a stopped process before sending it anything', async (t) => {
  const target = await startPlainTarget(t);
  const before = heldBy(target.pid);
  target.child.kill('SIGSTOP');
  const { code, stderr } = await runCommand(['heap', String(target.pid)]);
  target.child.kill('SIGCONT');
  assert.match(stderr, /^afterimage: process \d+ is stopped, [^\n]*\n$/);
  assert.equal(code, 3);
  await assertAsBefore(target, before);
  assert.equal(target.stderr(), '');
});
