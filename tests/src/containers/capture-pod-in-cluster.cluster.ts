/** `afterimage capture pod/NAME --develop in-cluster`: the image is developed in a temporary pod. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { clusterMissing, startCluster, type Cluster, type Pod } from '../cluster/index.js';
import { endOf, startCommand, type CommandEnd } from '../command.js';
import { eventually } from '../eventually.js';
import { assertNothingLeft, assertUndisturbed, commandIn, namesIn, plantedPod } from './planted-pod.js';
import { childrenOf } from '../process-census.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
const args = ['capture', 'pod/shop', '-o', 'result', '--redact', 'none', '--json'];
const inCluster = [...args, '--develop', 'in-cluster'];

interface Manifest {
  metadata: { name: string };
  spec: {
    containers: {
      image: string;
      resources: { limits: { memory: string } };
      securityContext: object;
    }[];
    securityContext: object;
    restartPolicy: string;
    activeDeadlineSeconds: number;
  };
  status: { containerStatuses: { ready: boolean }[] };
}

describe('developing in the cluster', { skip }, () => {
  let cluster: Cluster;
  let pod: Pod;
  before(async () => {
    cluster = await startCluster();
    pod = await cluster.addPod({ name: 'shop', ...plantedPod });
  });
  after(() => cluster.close());
  afterEach(async () => {
    cluster.faults.exec = undefined;
    cluster.faults.forbidden = [];
    cluster.faults.unschedulable = undefined;
    assertUndisturbed(pod);
    await assertNothingLeft(pod);
    await eventually(async () => assert.deepEqual(await developingPods(), [], 'a pod is left'));
  });

  const developingPods = async (): Promise<Manifest[]> => {
    const words = ['get', 'pods', '-l', 'app.kubernetes.io/managed-by=afterimage', '-o', 'json'];
    const { stdout } = await cluster.kubectl(words);
    return (JSON.parse(stdout.toString()) as { items: Manifest[] }).items;
  };

  const developingPod = (): Promise<Manifest> =>
    eventually(async () => {
      const [found] = await developingPods();
      assert.ok(found);
      return found;
    });

  it('gives the same result as developing locally, in a pod without any rights', async (t) => {
    const cwd = await temporaryDirectory(t);
    const command = startCommand(inCluster, { cwd, env: cluster.env });
    const ending = endOf(command);
    const { spec } = await developingPod();
    const { code, stdout, stderr } = await ending;
    assert.equal(code, 0, stderr);
    await assertShowsWhatWasPlanted(join(cwd, 'result'));
    assert.match(stderr, /developing in pod afterimage-develop-\w+\/develop$/m);
    const [container] = spec.containers;
    assert.equal(container?.image, 'registry.example/default/shop:1');
    assert.match(container.resources.limits.memory, /^\d+Mi$/);
    // What Pod Security asks for by the name of "restricted".
    assert.deepEqual(container.securityContext, {
      runAsUser: 10001,
      runAsGroup: 10001,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    assert.deepEqual(spec.securityContext, { seccompProfile: { type: 'RuntimeDefault' } });
    assert.ok(spec.restartPolicy === 'Never' && spec.activeDeadlineSeconds > 0);

    const here = await commandIn(cluster, [...args, '--force'], { cwd });
    const [there, same] = [stdout, here.stdout].map(
      (text) =>
        (JSON.parse(text.toString()) as { captures: [{ nodes: number; edges: number; redaction: string }] })
          .captures[0],
    );
    // The first of the two has left a few things of the inspector's in the process.
    for (const figure of ['nodes', 'edges'] as const) {
      const ratio = (there?.[figure] ?? 0) / (same?.[figure] ?? 1);
      assert.ok(Math.abs(ratio - 1) < 0.05, `${figure}: ${there?.[figure]} and ${same?.[figure]}`);
    }
    assert.equal(there?.redaction, 'none');
  });

  it('reports missing rights to create pods', async (t) => {
    const cwd = await temporaryDirectory(t);
    cluster.faults.forbidden = [{ verb: 'create', resource: 'pods' }];
    const { code, stderr } = await commandIn(cluster, inCluster, { cwd });
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /\nafterimage: pod afterimage-develop-\w+ with [\d.]+ \wB: .*cannot create resource "pods".*; developing in the cluster needs pods: create and delete as well\n$/,
    );
    assert.deepEqual(namesIn(cwd), []);
  });

  /** Once the image has come, the snapshot comes at a crawl. */
  const startDeveloping = async (
    cwd: string,
  ): Promise<{ command: ChildProcess; end: Promise<CommandEnd> }> => {
    const command = startCommand(inCluster, { cwd, env: cluster.env });
    const end = endOf(command);
    await developingPod();
    cluster.faults.exec = { afterStdoutBytes: 1_000, then: 'crawl', times: 1 };
    await eventually(async () => {
      const [{ metadata } = { metadata: { name: '' } }] = await developingPods();
      assert.ok(cluster.pod(metadata.name).processes().length > 1, 'the kit is there');
    });
    return { command, end };
  };

  it('is retried if kubectl is killed', async (t) => {
    const cwd = await temporaryDirectory(t);
    const { command, end } = await startDeveloping(cwd);
    const kubectl = Object.entries(childrenOf(command.pid ?? 0)).find(([, name]) => name.endsWith('kubectl'));
    process.kill(Number(kubectl?.[0]), 'SIGKILL');
    const { code, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /the connection to pod afterimage-develop-\w+\/develop broke.*; trying again, 2 of 3$/m,
    );
    assert.deepEqual(namesIn(cwd), ['result']);
  });

  it('removes its pod after Ctrl-C', async (t) => {
    const cwd = await temporaryDirectory(t);
    const { command, end } = await startDeveloping(cwd);
    command.kill('SIGINT');
    assert.equal((await end).signal, 'SIGINT');
    assert.deepEqual(namesIn(cwd), []);
  });

  it('removes its pod after Ctrl-C while the pod is still pending', async (t) => {
    const cwd = await temporaryDirectory(t);
    cluster.faults.unschedulable = '0/1 nodes are available: 1 Insufficient memory.';
    const command = startCommand(inCluster, { cwd, env: cluster.env });
    const end = endOf(command);
    await developingPod();
    command.kill('SIGINT');
    assert.equal((await end).signal, 'SIGINT');
    assert.deepEqual(namesIn(cwd), []);
  });
});
