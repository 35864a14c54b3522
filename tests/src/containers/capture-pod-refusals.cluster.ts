/** Why a pod is not captured: one line, with an exit code for scripts, before anything is done to it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clusterMissing, startCluster, type Cluster, type Pod, type PodSettings } from '../cluster/index.js';
import { kubeconfig } from '../cluster/kubectl.js';
import { eventually } from '../eventually.js';
import { assertUndisturbed, commandIn, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
const wrapper = {
  script: fileURLToPath(new URL('../fixtures/npm-cli.cjs', import.meta.url)),
  files: { ...plantedPod.files, '/app/planted-server.js': plantedPod.script },
};

describe('capture of pods refuses', { skip }, () => {
  let cluster: Cluster;
  before(async () => (cluster = await startCluster()));
  after(() => cluster.close());
  afterEach(() => (cluster.faults.forbidden = []));

  const addPod = (settings: Partial<PodSettings> & { name: string }): Promise<Pod> =>
    cluster.addPod({ ...plantedPod, ...settings });

  const refused = async (args: string[], code: number, message: RegExp, env = cluster.env): Promise<void> => {
    const end = await commandIn({ env }, ['capture', ...args]);
    assert.match(end.stderr, message);
    assert.equal(end.code, code, end.stderr);
    assert.equal(end.stderr.match(/^.*$/gm)?.filter(Boolean).length, 1, 'on one line');
  };

  it('if there is no directory for the native part', async () => {
    const pod = await addPod({ name: 'closed', tmp: 'noexec' });
    const { code, stderr } = await commandIn(cluster, ['capture', 'pod/closed']);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /^afterimage: pod closed\/app: process 1 has no directory to load the native part from \(\/tmp is noexec, \/dev\/shm is noexec, \/var\/tmp is read-only, \/run is read-only, \/app is read-only\): give it a writable \/tmp that is not noexec \(in Kubernetes an emptyDir, in Docker --tmpfs \/tmp:exec\), or start it with the agent$/m,
    );
    assertUndisturbed(pod);
  });

  it('what the user may not do, and names the necessary rights', async () => {
    await addPod({ name: 'guarded', owner: { kind: 'Deployment', name: 'guarded' } });
    const rights = 'pods: get, list and pods/exec: create';
    const forbidden = [
      { verb: 'get', resource: 'pods', target: 'pod/guarded' },
      { verb: 'get', resource: 'deployments', target: 'deploy/guarded' },
      { verb: 'list', resource: 'pods', target: 'deploy/guarded' },
      { verb: 'create', resource: 'pods/exec', target: 'pod/guarded' },
    ];
    for (const { verb, resource, target } of forbidden) {
      cluster.faults.forbidden = [{ verb, resource }];
      await refused([target], 3, new RegExp(`cannot ${verb} resource "${resource}".*; .*${rights}`));
    }
  });

  it('a target that does not exist', async () => {
    const pod = await addPod({ name: 'done', restartPolicy: 'Never', owner: { kind: 'Deployment', name: 'done' } }); // prettier-ignore
    await refused(['pod/nothing'], 4, /pod\/nothing: .*pods "nothing" not found$/m);
    await refused(['deploy/nothing'], 4, /deploy\/nothing: .*deployments\.apps "nothing" not found$/m);
    await refused(['-l', 'app=nothing'], 4, /pods with app=nothing: there is no pod$/m);
    await refused(
      ['pod/done', '-c', 'sidecar'],
      2,
      /pod done has no container sidecar; it has app; see afterimage capture --help$/m,
    );
    process.kill(pod.hostPid, 'SIGTERM');
    await eventually(() => assert.equal(pod.status().phase, 'Succeeded'));
    await refused(['deploy/done'], 4, /deploy\/done: none of its 1 pods runs$/m);
    await refused(['pod/done'], 4, /container app of pod done does not run$/m);
  });

  it('a cluster that cannot be reached', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'kubeconfig');
    const env = { ...cluster.env, KUBECONFIG: file, KUBECACHEDIR: directory };
    const without = { ...cluster.env, PATH: '/nowhere' };
    await refused(['pod/a'], 1, /kubectl is not installed, or not in PATH: containers are reached by it$/m, without); // prettier-ignore
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    writeFileSync(file, kubeconfig(`http://127.0.0.1:${port}`, 'dev', 'default'));
    const closed = once(server, 'close');
    server.close();
    await closed;
    await refused(['pod/a'], 1, /pod\/a: The connection to the server 127\.0\.0\.1:\d+ was refused/, env);
  });

  it('a container without Node.js', async () => {
    cluster.addImage({ name: 'other', node: 24, nodePath: '/hidden', files: { '/bin/sleep': '/bin/sleep' } });
    const container = { name: 'app', image: 'other', command: ['/bin/sleep', '1000'] };
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'other' },
      spec: { containers: [container] },
    };
    await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(manifest) });
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/other', '--timeout=20s']);
    await refused(
      ['pod/other'],
      3,
      /pod other\/app has no Node\.js where one is usually found \(node, .*\/proc\/1\/exe\): pass its path with --node PATH$/m,
    );
    await refused(['pod/other', '--node', '/bin/none'], 3, /pod other\/app has no Node\.js/);
  });

  it("several processes, of which it cannot choose one; npm's own process does not count", async (t) => {
    const directory = await temporaryDirectory(t);
    const image = ['--image', '{pid}.image', '--store-plain-image'];
    await addPod({ name: 'npm', ...wrapper, scriptArgs: ['/app/planted-server.js', '8080'] });
    const one = await commandIn(cluster, ['capture', 'pod/npm', ...image], { cwd: directory });
    assert.equal(one.code, 0, one.stderr);
    const [, server = ''] = /process (\d+): Node\.js \S+, \/app\/planted-server\.js/.exec(one.stderr) ?? [];
    assert.notEqual(server, '1');
    assert.deepEqual(namesIn(directory), [`${server}.image`]);

    const pod = await addPod({ name: 'two', ...wrapper, scriptArgs: ['/app/planted-server.js', '8080', '8081'] }); // prettier-ignore
    await eventually(() => assert.deepEqual(pod.listeningPorts(), [8080, 8081]));
    const several =
      /pod two\/app has several Node\.js processes: choose one with --pid N: (\d+) \(\/app\/planted-server\.js, [\d.]+ MB\), (\d+) \(/;
    const { code, stderr } = await commandIn(cluster, ['capture', 'pod/two']);
    assert.equal(code, 3, stderr);
    const [, , second = ''] = several.exec(stderr) ?? [];
    await refused(
      ['pod/two', '--pid', '77777'],
      3,
      /pod two\/app has no Node\.js process 77777, but \d+ \(\/app\/planted-server\.js/,
    );
    const args = ['capture', 'pod/two', '--pid', second, '--node', '/usr/local/bin/node', ...image];
    const chosen = await commandIn(cluster, args, { cwd: directory });
    assert.equal(chosen.code, 0, chosen.stderr);
    assert.ok(namesIn(directory).includes(`${second}.image`));
  });

  it('a process that opens no inspector', async () => {
    const pod = await addPod({ name: 'deaf', nodeArgs: ['--disable-sigusr1'] });
    await refused(
      ['pod/deaf'],
      3,
      /pod deaf\/app: process 1 was started with --disable-sigusr1\b.*\(nothing was sent to it\)$/m,
    );
    assertUndisturbed(pod);
  });

  it('a container that is short of memory', async () => {
    const pod = await addPod({ name: 'full', memoryLimit: '128Mi', env: { BUFFERS_MB: '45' } });
    const { code, stderr } = await commandIn(cluster, ['capture', 'pod/full']);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /pod full\/app: not enough memory to capture process 1: about [\d.]+ MB are needed, [\d.]+ MB available \(cgroup \/: [\d.]+ MB used of 134 MB\); raise the limit, or capture while it uses less \(nothing was sent to it\)$/m,
    );
    assertUndisturbed(pod);
  });
});
