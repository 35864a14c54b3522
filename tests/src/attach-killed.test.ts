/** The command is frozen or killed in the middle of a capture: the target serves on, and nothing stays behind. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runCommand, startCommand } from './command.js';
import { eventually } from './eventually.js';
import { getJson } from './http-load.js';
import { nodeOf } from './nodes.js';
import {
  assertAsBefore,
  heldBy,
  hideInstalled,
  inMountNamespace,
  inspectorOpens,
  needsRoot,
  startPlainTarget,
} from './plain-target.js';
import { childrenOf } from './process-census.js';
import { temporaryDirectory } from './temporary-directory.js';

const kills = 20;
const seed = 20;

function startCapture(t: TestContext, pid: number, output: string): ChildProcess {
  const command = startCommand(['capture', String(pid), '-o', output]);
  t.after(() => command.kill('SIGKILL'));
  return command;
}

async function kill(command: ChildProcess): Promise<void> {
  const ended = command.exitCode ?? command.signalCode;
  command.kill('SIGKILL');
  if (ended === null) await once(command, 'exit');
}

async function assertServes({ port }: { port: number }): Promise<void> {
  for (let index = 0; index < 10; index++) await getJson(port, `/${index}`);
}

test('a command that is frozen while the inspector is open', async (t) => {
  const target = await startPlainTarget(t);
  const before = heldBy(target.pid);
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  const command = startCapture(t, target.pid, output);
  await inspectorOpens(target);
  command.kill('SIGSTOP');
  await assertServes(target);
  await pause(500);
  await assertServes(target);
  await kill(command);
  await assertAsBefore(target, before);
  assert.equal(existsSync(output), false);
});

test('a command that is frozen while the image streams', async (t) => {
  const target = await startPlainTarget(t, { node: nodeOf(24).path });
  const before = heldBy(target.pid);
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  await target.run('globalThis.big = Array.from({ length: 300_000 }, (_, i) => ({ i })), 0');
  const command = startCapture(t, target.pid, output);
  await eventually(() => assert.notDeepEqual(childrenOf(target.pid), {}));
  command.kill('SIGSTOP');
  await assertServes(target);
  await kill(command);
  await assertAsBefore(target, before);
  assert.equal(existsSync(output), false);
});

test(`a command that is killed, at ${kills} moments`, async (t) => {
  // Where it can be, the addon is out of the target's sight, so that a copy is made and could stay.
  const prefix = needsRoot ? [] : inMountNamespace(hideInstalled);
  const target = await startPlainTarget(t, { prefix });
  const before = heldBy(target.pid);
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'app.heapsnapshot');
  const started = performance.now();
  assert.equal((await runCommand(['capture', String(target.pid), '-o', output])).code, 0);
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

  // Killed in the middle, and begun again at once: the second waits until the first is cleared away.
  const command = startCapture(t, target.pid, output);
  await inspectorOpens(target);
  await kill(command);
  const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    readdirSync(directory),
    ['app.heapsnapshot'],
    'what the killed ones could not remove is left',
  );
  await assertAsBefore(target, before);
});
