/**
 * The command is frozen or killed in the middle of a capture: the target continues, and nothing is left
 * behind.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { assertServes, kill, killedAtMoments, startCapture } from './often.js';
import { eventually } from '../eventually.js';
import { nodeOf } from '../nodes.js';
import {
  assertAsBefore,
  heldBy,
  inspectorOpens,
  listeningPorts,
  startPlainTarget,
  type PlainTarget,
} from '../targets/plain-target.js';
import { childrenOf } from '../process-census.js';
import { temporaryDirectory } from '../temporary-directory.js';

const kills = 5;

test('the command freezes while the inspector is open', async (t) => {
  const target = await startPlainTarget(t);
  const before = heldBy(target.pid);
  const output = join(await temporaryDirectory(t), 'app.heapsnapshot');
  const command = await frozenCapture(t, target, output);
  await assertServes(target);
  await pause(500);
  await assertServes(target);
  await kill(command);
  await assertAsBefore(target, before);
  assert.equal(existsSync(output), false);
});

/** A capture that has been stopped while the inspector is open; some are over before the signal reaches them. */
async function frozenCapture(t: TestContext, target: PlainTarget, output: string): Promise<ChildProcess> {
  for (let left = 20; left > 0; left--) {
    const command = startCapture(t, target.pid, output);
    await inspectorOpens(target);
    command.kill('SIGSTOP');
    if (listeningPorts(target.pid).some((port) => port !== target.port)) return command;
    await kill(command);
    await rm(output, { force: true });
  }
  assert.fail('each capture was over before it could be stopped');
}

test('the command freezes while the image streams', async (t) => {
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

test(`the command is killed, at ${kills} moments`, (t) => killedAtMoments(t, kills));
