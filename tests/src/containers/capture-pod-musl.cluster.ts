/** `afterimage capture pod/NAME` where Node is built for musl, as in Alpine's images. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { clusterMissing, startCluster, type Cluster } from '../cluster/index.js';
import { nodeForMusl } from '../image/node-for-musl.js';
import type { NodeBinary } from '../nodes.js';
import {
  agentArgs,
  agentFiles,
  assertNothingLeft,
  assertUndisturbed,
  commandIn,
  plantedPod,
} from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;

describe('capture of pods with Node.js built for musl', { skip }, () => {
  let cluster: Cluster;
  let node: NodeBinary;
  before(async () => {
    node = nodeForMusl();
    cluster = await startCluster();
  });
  after(() => cluster.close());

  /** The captures, one by one, to their good end: what they print. */
  async function capture(
    directory: string,
    pod: string,
    wheres: string[][],
  ): Promise<Record<string, unknown>[]> {
    const printed: Record<string, unknown>[] = [];
    for (const [index, where] of wheres.entries()) {
      const output = `${index}.heapsnapshot`;
      const args = ['capture', `pod/${pod}`, '--redact', 'none', '--json', '-o', output, ...where];
      const { code, stdout, stderr } = await commandIn(cluster, args, { cwd: directory });
      assert.equal(code, 0, stderr);
      printed.push((JSON.parse(stdout.toString()) as { captures: [Record<string, unknown>] }).captures[0]);
      await assertShowsWhatWasPlanted(join(directory, output));
    }
    return printed;
  }

  it('takes snapshots of a process under load, and leaves nothing behind', async (t) => {
    const pod = await cluster.addPod({ ...plantedPod, name: 'alpine', node });
    const load = pod.load({ requestsPerSecond: 40 });
    const printed = await capture(await temporaryDirectory(t), 'alpine', [
      [],
      [],
      ['--develop', 'in-cluster'],
    ]);
    const counts = await load.stop();
    assert.ok(counts.served > 0);
    assert.equal(counts.failed, 0, counts.failures.join());
    const [{ image } = {}] = printed;
    assert.equal((image as { nodeVersion: string }).nodeVersion, node.version);
    assertUndisturbed(pod);
    await assertNothingLeft(pod);
  });

  it('lets the agent there capture and develop', async (t) => {
    const pod = await cluster.addPod({
      ...plantedPod,
      name: 'with-agent',
      node,
      memoryLimit: '1Gi',
      files: { ...plantedPod.files, ...agentFiles },
      nodeArgs: agentArgs,
      env: { ALLOW_HEAP_SNAPSHOT: '1', AFTERIMAGE_REDACT: 'none' },
    });
    const [{ by, kind } = {}] = await capture(await temporaryDirectory(t), 'with-agent', [[]]);
    assert.deepEqual([by, kind], ['agent', 'snapshot']);
    assertUndisturbed(pod);
  });
});
