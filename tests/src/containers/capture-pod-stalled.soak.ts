/** Connections that go silent without being closed: every wait, here and in the pod, has a time limit. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clusterMissing, startCluster, type Cluster } from '../cluster/index.js';
import { kubeconfig } from '../cluster/kubectl.js';
import { endOf, startCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { assertNothingLeft, assertUndisturbed, commandIn, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
const storing = ['--image', 'result', '--store-plain-image'];

describe('a capture of a pod', { skip, concurrency: 2 }, () => {
  let cluster: Cluster;
  before(async () => (cluster = await startCluster()));
  after(() => cluster.close());

  it('gives up on a cluster that does not answer', async (t) => {
    const cwd = await temporaryDirectory(t);
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const file = join(cwd, 'kubeconfig');
    const { port } = server.address() as AddressInfo;
    writeFileSync(file, kubeconfig(`http://127.0.0.1:${port}`, 'dev', 'default'));
    const env = { ...cluster.env, KUBECONFIG: file, KUBECACHEDIR: cwd };
    const { code, stderr } = await commandIn({ env }, ['capture', 'pod/shop', ...storing], { cwd });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^afterimage: pod\/shop: the cluster did not answer within 60 s$/m);
  });

  it('is retried if its connection goes silent, and the kit ends by itself', async (t) => {
    const cwd = await temporaryDirectory(t);
    const pod = await cluster.addPod({ name: 'shop', ...plantedPod });
    cluster.faults.exec = { afterStdoutBytes: 300_000, then: 'silence', times: 1 };
    const command = startCommand(['capture', 'pod/shop', ...storing], {
      cwd,
      env: cluster.env,
      withinMs: 400_000,
    });
    const { code, stderr } = await endOf(command);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the connection to pod shop\/app broke.*; trying again, 2 of 3$/m);
    assert.deepEqual(namesIn(cwd), ['result']);
    await eventually(() => assertNothingLeft(pod), 120_000);
    assertUndisturbed(pod);
  });
});
