/** Advice about a process in a container has to name it by its ID outside, where the user is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forOutside } from '../../../packages/afterimage/dist/container/outside-pid.js';
import { nodeOf } from '../nodes.js';
import { needsRoot } from '../targets/plain-target.js';
import { assertNothingLeftIn, commandInScene, containerScene } from './namespace-container.js';

test('advice from a container names the process by its ID here', { skip: needsRoot }, async (t) => {
  const scene = await containerScene(t, nodeOf(24));
  const { pid } = scene.target;
  process.kill(pid, 'SIGSTOP');
  const { code, stderr } = await commandInScene(scene, ['capture', 'docker/shop', '-o', 'x.heapsnapshot']);
  process.kill(pid, 'SIGCONT');
  assert.equal(code, 3, stderr);
  assert.match(stderr, new RegExp(`process 1 is stopped.*kill -CONT ${pid} `));
  await assertNothingLeftIn(scene);
});

test('advice from another machine says what the ID stands for', async () => {
  const text =
    'process 7 has 3 left: raise the limit (as root: prlimit --pid 7 --nofile=64); safe: afterimage heap 7, afterimage ps';
  assert.equal(
    await forOutside(text, 'pod shop', () => Promise.resolve(null)),
    'process 7 has 3 left: raise the limit (as root: prlimit --pid PID --nofile=64); safe: afterimage heap PID, afterimage ' +
      'ps; PID is what process 7 of pod shop has on its machine, where these commands are run',
  );
  assert.equal(
    await forOutside('process 7 has ended', 'pod shop', () => Promise.resolve(null)),
    'process 7 has ended',
  );
});
