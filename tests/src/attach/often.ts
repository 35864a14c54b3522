/** What must hold at any moment of a capture is tried at many: a few in the tests, more in the soak tests. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runCommand, startCommand } from '../command.js';
import { getJson } from '../targets/http-load.js';
import {
  anyPort,
  assertAsBefore,
  heldBy,
  hideInstalled,
  inMountNamespace,
  inspectorOpens,
  needsRoot,
  startPlainTarget,
} from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

const seed = 20;

export function startCapture(t: TestContext, pid: number, output: string): ChildProcess {
  const command = startCommand(['capture', String(pid), '-o', output, '--force']);
  t.after(() => command.kill('SIGKILL'));
  return command;
}

export async function kill(command: ChildProcess): Promise<void> {
  const ended = command.exitCode ?? command.signalCode;
  command.kill('SIGKILL');
  if (ended === null) await once(command, 'exit');
}

export async function assertServes({ port }: { port: number }): Promise<void> {
  for (let index = 0; index < 10; index++) await getJson(port, `/${index}`);
}

/** Kills captures at moments spread over a whole capture. */
export async function killedAtMoments(t: TestContext, kills: number): Promise<void> {
  // If possible, the addon is hidden from the target, so that a copy is made and could be left behind.
  const prefix = needsRoot ? [] : inMountNamespace(hideInstalled);
  const target = await startPlainTarget(t, { prefix });
  const before = heldBy(target.pid);
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'app.heapsnapshot');
  const started = performance.now();
  assert.equal((await runCommand(['capture', String(target.pid), '-o', output, '--force'])).code, 0);
  const duration = performance.now() - started;
  writeFileSync(output, 'an earlier one');

  let state = seed;
  const random = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  for (let index = 0; index < kills; index++) {
    const command = startCapture(t, target.pid, output);
    await pause((duration * (index + random())) / kills);
    await kill(command);
    await assertServes(target);
    await assertAsBefore(target, before);
  }
  const [own = '', ...others] = readdirSync(directory).sort();
  assert.equal(own, 'app.heapsnapshot');
  for (const name of others) assert.match(name, /^app\.heapsnapshot\..*\.partial$/);

  // Killed in the middle, then started again at once: the second waits until the first is cleaned up.
  const command = startCapture(t, target.pid, output);
  await inspectorOpens(target);
  await kill(command);
  const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output, '--force']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    readdirSync(directory),
    ['app.heapsnapshot'],
    'what the killed ones could not remove is left',
  );
  await assertAsBefore(target, before);
}

/** Captures processes as soon as they exist: the signal must not end any. */
export async function capturedAtOnce(t: TestContext, times: number): Promise<void> {
  const directory = await temporaryDirectory(t);
  const image = ['--image', join(directory, 'app.image.zst'), '--store-plain-image', '--force'];
  for (let index = 0; index < times; index++) {
    const child = spawn(process.execPath, [anyPort, '-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child, 'spawn');
    const { code, stderr } = await runCommand(['capture', String(child.pid), ...image]);
    assert.equal(child.signalCode, null, 'the signal has ended it');
    assert.equal(code, 0, stderr);
    child.kill('SIGKILL');
  }
}

/** V8's worker threads are busy with the garbage of two of the program's own threads. */
export async function capturedBesideBusyWorkers(t: TestContext, times: number): Promise<void> {
  const target = await startPlainTarget(t);
  const busy = 'for (let kept = [];; ) { kept.push({ at: kept.length }); if (kept.length > 1e4) kept = []; }';
  await target.run(
    `for (let i = 0; i < 2; i++) new (require('node:worker_threads').Worker)(${JSON.stringify(busy)}, { eval: true }); 1`,
  );
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  for (let index = 0; index < times; index++) {
    const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output, '--force']);
    assert.equal(code, 0, stderr);
  }
}
