/** `afterimage capture podman/NAME`, and `docker/NAME` where docker is podman: containers without Kubernetes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { clusterMissing, startPodman } from '../cluster/index.js';
import { eventually } from '../eventually.js';
import { assertNothingLeftIn, captureContainer } from './planted-container.js';
import { commandIn, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;

it('captures containers of podman and docker, and leaves nothing behind', { skip }, async (t) => {
  const cwd = await temporaryDirectory(t);
  const container = await startPodman({ name: 'shop', ...plantedPod });
  t.after(() => container.close());
  await eventually(() => container.request('/'));
  for (const tool of ['podman', 'docker']) {
    const args = ['--redact', 'none', '-o', `{target}-${tool}.heapsnapshot`];
    const stderr = await captureContainer(container, `${tool}/shop`, cwd, args);
    assert.match(stderr, /process 1: Node\.js 24\.\S+, \/app\/planted-server\.js, .*headroom \d+ MB$/m);
    assert.ok(namesIn(cwd).includes(`shop-${tool}.heapsnapshot`), namesIn(cwd).join());
  }
  const { code, stdout, stderr } = await commandIn(container, ['heap', 'podman/shop', '--json']);
  assert.equal(code, 0, stderr);
  const heap = JSON.parse(stdout.toString()) as { target: string; pid: number; classes: unknown[] };
  assert.deepEqual([heap.target, heap.pid, heap.classes.length > 100], ['container shop', 1, true]);
  await assertNothingLeftIn(container);
  await assertShowsWhatWasPlanted(join(cwd, 'shop-podman.heapsnapshot'));
  for (const [name, said] of [
    ['nothing', /^afterimage: container nothing cannot be reached: .*no such container/im],
    ['--help', /^afterimage: container --help cannot be reached: .*no such container/im],
  ] as const) {
    const missing = await commandIn(container, ['capture', `podman/${name}`]);
    assert.equal(missing.code, 4, missing.stderr);
    assert.match(missing.stderr, said);
  }
});
