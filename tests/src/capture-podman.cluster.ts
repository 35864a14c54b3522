/** `afterimage capture podman/NAME` and `docker/NAME`: containers of this machine, without Kubernetes. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { assertShowsWhatWasPlanted } from './capture-series.js';
import { clusterMissing, startPodman } from './cluster/index.js';
import { listeningPorts } from './cluster/pod-network.js';
import { eventually } from './eventually.js';
import { commandIn, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from './temporary-directory.js';

const skip = clusterMissing() ?? false;

it('takes a snapshot of a container of podman and docker, and leaves nothing there', { skip }, async (t) => {
  const cwd = await temporaryDirectory(t);
  const container = await startPodman({ name: 'shop', ...plantedPod });
  t.after(() => container.close());
  await eventually(() => container.request('/'));
  for (const tool of ['podman', 'docker']) {
    const args = ['capture', `${tool}/shop`, '--redact', 'none', '-o', '{target}.heapsnapshot'];
    const { code, stderr } = await commandIn(container, args, { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /process 1: Node\.js 24\.\S+, \/app\/planted-server\.js, .*headroom \d+ MB$/m);
    assert.match(stderr, /container shop stood still for /);
    assert.deepEqual(namesIn(cwd), ['shop.heapsnapshot']);
    await eventually(() => {
      assert.deepEqual(readdirSync(`/proc/${container.hostPid}/root/tmp`), []);
      assert.deepEqual(listeningPorts(container.hostPid), [8080]);
    });
  }
  await assertShowsWhatWasPlanted(join(cwd, 'shop.heapsnapshot'));
  const missing = await commandIn(container, ['capture', 'podman/nothing']);
  assert.equal(missing.code, 4, missing.stderr);
  assert.match(missing.stderr, /^afterimage: container nothing cannot be reached: .*no such container/im);
});
