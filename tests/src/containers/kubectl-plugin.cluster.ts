/** `kubectl afterimage`: the command as a kubectl plugin, found by its name in PATH. */
import assert from 'node:assert/strict';
import { chmodSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clusterMissing, startCluster } from '../cluster/index.js';
import { runKubectl } from '../cluster/kubectl.js';
import { assertNothingLeft, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const plugin = fileURLToPath(new URL('../../../packages/afterimage/bin/afterimage.js', import.meta.url));

it('kubectl afterimage captures, and has the other verbs', { skip: clusterMissing() ?? false }, async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.close());
  const directory = await temporaryDirectory(t);
  // As npm installs it.
  chmodSync(plugin, 0o755);
  symlinkSync(plugin, join(directory, 'kubectl-afterimage'));
  const path = [directory, dirname(process.execPath), cluster.env['PATH'] ?? ''].join(':');
  const kubectl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runKubectl({ ...cluster.env, PATH: path }, args);
    assert.equal(code, 0, stderr);
    return stdout.toString() + stderr;
  };
  const pod = await cluster.addPod({ name: 'shop', namespace: 'shop', ...plantedPod });
  const image = join(directory, 'taken.image');
  const storing = ['--image', image, '--store-plain-image', '--force'];
  const said = await kubectl('afterimage', 'pod/shop', '-n', 'shop', ...storing);
  assert.match(said, /wrote the image .*taken\.image /);
  await kubectl('afterimage', '-n', 'shop', ...storing, 'pod/shop');
  await kubectl('afterimage', 'verify', image);
  assert.match(await kubectl('afterimage', '--help'), /capture.*\n.*develop/);
  assert.deepEqual(namesIn(directory), ['kubectl-afterimage', 'taken.image']);
  await assertNothingLeft(pod);
});
