/** Tests the test cluster: kubectl finds, enters, creates and removes real containers through it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cgroupsNamed } from '../cluster/cgroup-trees.js';
import {
  clusterMissing,
  startCluster,
  type Cluster,
  type KubectlVersion,
  type Pod,
} from '../cluster/index.js';
import { eventually } from '../eventually.js';
import { cgroupVersion } from '../memory-cgroup.js';
import { nodes } from '../nodes.js';

const script = fileURLToPath(new URL('../fixtures/pod-server.cjs', import.meta.url));
const readinessProbe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, timeoutSeconds: 1 };
const skip = clusterMissing() ?? false;

describe('the test cluster', { skip }, () => {
  let cluster: Cluster;
  let shop: Pod;

  const exec = (...command: string[]) => cluster.kubectl(['exec', '-n', 'shop', 'shop-1', '--', ...command]);
  const output = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cluster.kubectl(args);
    assert.equal(code, 0, stderr);
    return stdout.toString();
  };

  before(async () => {
    cluster = await startCluster();
    shop = await cluster.addPod({
      name: 'shop-1',
      namespace: 'shop',
      labels: { app: 'shop', tier: 'web' },
      owner: { kind: 'Deployment', name: 'shop' },
      script,
      memoryLimit: '300Mi',
      cpuLimit: '1',
      readOnlyRoot: true,
      tmp: 'noexec',
      readinessProbe,
      env: { COLOR: 'green' },
    });
    await cluster.addPod({ name: 'other-0', owner: { kind: 'StatefulSet', name: 'other' }, script });
  });
  after(() => cluster.close());

  it('lists pods and their owners, by name, namespace and label', async () => {
    assert.match(
      await output('get', 'pods', '-A'),
      /default +other-0 +1\/1 +Running +0 [^]*shop +shop-1 +1\/1/,
    );
    const names = async (...args: string[]) => (await output('get', ...args, '-o', 'name')).trim();
    assert.equal(await names('pods', '-n', 'shop', '-l', 'app=shop,tier!=db'), 'pod/shop-1');
    assert.equal(await names('pods', '-n', 'shop', '-l', 'app in (shop, till)'), 'pod/shop-1');
    assert.equal(await names('pods', '-n', 'shop', '-l', 'app=till'), '');
    assert.match(
      await names('deploy,rs', '-n', 'shop'),
      /^deployment.apps\/shop\nreplicaset.apps\/shop-\w+$/,
    );
    assert.match(await output('get', 'statefulset', 'other'), /other +1\/1/);
    const { ownerReferences } = JSON.parse(
      await output('get', 'pod', 'shop-1', '-n', 'shop', '-o', 'jsonpath={.metadata}'),
    ) as { ownerReferences: { kind: string }[] };
    assert.deepEqual(
      ownerReferences.map(({ kind }) => kind),
      ['ReplicaSet'],
    );
  });

  it('runs containers as unprivileged users, with exactly what the pod specifies', async () => {
    const seen = await exec(
      'node',
      '-p',
      `const { readFileSync: read, existsSync, writeFileSync } = require('node:fs');
       const can = (path) => { try { writeFileSync(path, ''); return true } catch { return false } };
       JSON.stringify({
         uid: process.getuid(), pid1: read('/proc/1/cmdline', 'latin1'), color: process.env.COLOR,
         status: read('/proc/self/status', 'latin1'), mounts: read('/proc/self/mounts', 'latin1'),
         memory: process.constrainedMemory(), shell: existsSync('/bin/sh'), root: can('/app/x'), tmp: can('/tmp/x'),
       })`,
    );
    const { status, mounts, ...rest } = JSON.parse(seen.stdout.toString()) as Record<string, string>;
    assert.deepEqual(rest, {
      uid: 10001,
      pid1: '/usr/local/bin/node\0/app/pod-server.cjs\0',
      color: 'green',
      memory: 300 << 20,
      shell: false,
      root: false,
      tmp: true,
    });
    assert.match(status ?? '', /^CapEff:\t0+$[^]*^NoNewPrivs:\t1$/m);
    assert.match(mounts ?? '', /^tmpfs \/tmp tmpfs \S*\bnoexec\b/m);
    assert.match(mounts ?? '', /^tmpfs \/dev\/shm tmpfs \S*\bnoexec\b/m);
  });

  for (const { major } of nodes) {
    it(`runs Node ${major}`, async () => {
      const pod = await cluster.addPod({
        name: `node-${major}`,
        node: major,
        script,
        readinessProbe,
        uid: 1234,
      });
      assert.match((await pod.request('/')).body, new RegExp(`^hello from v${major}\\..* as 1234$`));
      assert.deepEqual(pod.listeningPorts(), [8080]);
      assert.deepEqual(pod.processes(), [pod.hostPid]);
    });
  }

  it('passes on exit codes, and keeps standard output and error apart', async () => {
    const { code, stdout, stderr } = await exec(
      'node',
      '-e',
      'console.log(1);console.error(2);process.exitCode=3',
    );
    assert.deepEqual([code, stdout.toString()], [3, '1\n']);
    assert.match(stderr, /^2\ncommand terminated with exit code 3\n$/);
  });

  it('ends with the program, even if it has not read its standard input', async () => {
    const args = ['exec', '-i', '-n', 'shop', 'shop-1', '--', 'node', '-e', 'process.exit(5)'];
    const { code, stderr } = await cluster.kubectl(args, {
      input: randomBytes(20_000_000),
      timeoutMs: 20_000,
    });
    assert.equal(code, 5, stderr);
  });

  it('enters a pod through its Deployment', async () => {
    assert.match(await output('exec', '-n', 'shop', 'deploy/shop', '--', 'node', '-p', '1+1'), /^2\n$/);
  });

  for (const kubectl of [29, 33] satisfies KubectlVersion[]) {
    it(`carries 50 MB both ways unaltered, with kubectl 1.${kubectl}`, async (t) => {
      const own = await startCluster({ kubectl });
      t.after(() => own.close());
      await own.addPod({ name: 'echo', script });
      const input = randomBytes(50_000_000);
      const echo = ['exec', '-i', 'echo', '--', 'node', '-e', 'process.stdin.pipe(process.stdout)'];
      const { code, stdout, stderr } = await own.kubectl(echo, { input });
      assert.equal(code, 0, stderr);
      assert.equal(sha256(stdout), sha256(input));
    });
  }

  it('reports a missing program like a real cluster', async () => {
    const { code, stderr } = await exec('sh', '-c', 'id');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: Internal error occurred: .*unable to start container process: exec: "sh": executable file not found in \$PATH: unknown\n$/,
    );
  });

  it('denies what the user may not do', async (t) => {
    t.after(() => (cluster.faults.forbidden = []));
    cluster.faults.forbidden = [{ verb: 'create', resource: 'pods/exec' }];
    const { code, stderr } = await exec('node', '--version');
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'Error from server (Forbidden): pods "shop-1" is forbidden: User "dev" cannot create resource "pods/exec" in API group "" in the namespace "shop"\n',
    );
    const canI = async (...args: string[]) =>
      (await cluster.kubectl(['auth', 'can-i', ...args])).stdout.toString();
    const { verb, uri, ...event } = cluster.auditLog.at(-1) ?? { verb: '', uri: '' };
    assert.match(`${verb} ${uri}`, /^create \/api\/v1\/namespaces\/shop\/pods\/shop-1\/exec\?command=node&/);
    assert.deepEqual(event, { code: 403, user: 'dev' });
    assert.equal(await canI('create', 'pods', '--subresource=exec', '-n', 'shop'), 'no\n');
    assert.equal(await canI('get', 'pods', '-n', 'shop'), 'yes\n');
  });

  it('keeps a program running, without its standard input, if the connection is cut', async (t) => {
    t.after(() => (cluster.faults.exec = undefined));
    cluster.faults.exec = { afterStdoutBytes: 100, then: 'cut' };
    const program = `process.stdout.write('x'.repeat(200)); setInterval(() => {}, 1000); process.title = 'lives';
      process.stdin.on('end', () => (process.title = 'lives on')).resume()`;
    const { code, stdout, stderr } = await cluster.kubectl(
      ['exec', '-i', '-n', 'shop', 'shop-1', '--', 'node', '-e', program],
      { keepInputOpen: true },
    );
    assert.deepEqual([code, stdout.toString()], [1, 'x'.repeat(100)]);
    assert.match(stderr, /abnormal closure/);
    const left = await eventually(() => {
      const found = shop.processes().find((pid) => titleOf(pid) === 'lives on');
      assert.ok(found);
      return found;
    });
    process.kill(left, 'SIGKILL');
  });

  it('stops answering if the connection goes silent', async (t) => {
    t.after(() => (cluster.faults.exec = undefined));
    cluster.faults.exec = { afterStdoutBytes: 100, then: 'silence' };
    const program = "process.stdout.write('x'.repeat(200))";
    const args = ['exec', '-n', 'shop', 'shop-1', '--', 'node', '-e', program];
    const { code, stdout } = await cluster.kubectl(args, { timeoutMs: 3_000 });
    assert.deepEqual([code, stdout.toString()], [null, 'x'.repeat(100)]);
  });

  it('creates a pod from a manifest, waits for it, and removes it', async () => {
    cluster.addImage({ name: 'registry.example/tools:1', node: 24 });
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'tool', labels: { app: 'tool' } },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'tool',
            image: 'registry.example/tools:1',
            command: ['node', '-e', 'process.on("SIGTERM",()=>process.exit());setInterval(()=>{},1e3)'],
            resources: { limits: { memory: '200Mi', cpu: '500m' } },
            volumeMounts: [
              { name: 'disk', mountPath: '/disk' },
              { name: 'memory', mountPath: '/memory' },
            ],
          },
        ],
        volumes: [
          { name: 'disk', emptyDir: {} },
          { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
        ],
      },
    };
    const created = await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(manifest) });
    assert.equal(created.stdout.toString(), 'pod/tool created\n', created.stderr);
    await output('wait', '--for=condition=Ready', 'pod/tool', '--timeout=20s');
    const space = `const s = require('node:fs').statfsSync('/memory'); s.bsize * s.blocks + ' ' +
      require('node:fs').writeFileSync('/disk/x', 'x')`;
    assert.equal(await output('exec', 'tool', '--', 'node', '-p', space), `${64 << 20} undefined\n`);
    const { hostPid } = cluster.pod('tool');
    assert.match(await output('delete', 'pod', 'tool'), /pod "tool" deleted/);
    assert.ok(!existsSync(`/proc/${hostPid}`));
    assert.match((await cluster.kubectl(['get', 'pod', 'tool'])).stderr, /pods "tool" not found/);
  });

  it('lets a pod succeed, fail, or fail at its deadline', async () => {
    const phaseOf = async (name: string, program: string, spec: object): Promise<string> => {
      const container = { name, image: 'registry.example/tools:1', command: ['node', '-e', program] };
      const manifest = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, ...spec, containers: [container] },
      };
      cluster.addImage({ name: 'registry.example/tools:1', node: 24 });
      await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(manifest) });
      await output('wait', `--for=jsonpath={.status.containerStatuses[0].state.terminated}`, `pod/${name}`);
      return eventually(async () => {
        const phase = await output('get', 'pod', name, '-o', 'jsonpath={.status.phase} {.status.reason}');
        assert.doesNotMatch(phase, /Running/);
        return phase;
      });
    };
    assert.equal(await phaseOf('good', 'process.exit(0)', {}), 'Succeeded ');
    assert.equal(await phaseOf('bad', 'process.exit(7)', {}), 'Failed ');
    assert.equal(
      await phaseOf('late', 'setInterval(()=>{},1e3)', { activeDeadlineSeconds: 1 }),
      'Failed DeadlineExceeded',
    );
    assert.equal(cluster.pod('bad').status().containerStatuses[0]?.state.terminated?.exitCode, 7);
  });

  it('counts a restart if PID 1 is killed, and the reason', async () => {
    const pod = await cluster.addPod({ name: 'dies', script, readinessProbe, memoryLimit: '100Mi' });
    assert.equal(pod.restartCount, 0);
    await pod.request('/grow').catch(() => undefined);
    await eventually(() => assert.equal(pod.restartCount, 1));
    await output('wait', '--for=condition=Ready', 'pod/dies', '--timeout=20s');
    const { lastState } = pod.status().containerStatuses[0] ?? {};
    const { exitCode, reason } = lastState?.terminated ?? {};
    assert.deepEqual({ exitCode, reason }, { exitCode: 137, reason: 'OOMKilled' });
    assert.match((await pod.request('/')).body, /^hello/);
  });

  /** What the kernel kills first: a program started by exec that takes all the memory it can get. */
  it(`kills ${cgroupVersion === 2 ? 'the whole container' : 'only that program'} if one of its programs runs out of memory`, async () => {
    const pod = await cluster.addPod({ name: 'crowded', script, readinessProbe, memoryLimit: '150Mi' });
    const greedy = `require('node:fs').writeFileSync('/proc/self/oom_score_adj', '1000');
      const held = []; for (;;) held.push(Buffer.alloc(1e6, 1));`;
    const { code } = await cluster.kubectl(['exec', 'crowded', '--', 'node', '-e', greedy]);
    assert.equal(code, 137);
    if (cgroupVersion === 2) {
      await eventually(() => assert.equal(pod.restartCount, 1));
      const { lastState } = pod.status().containerStatuses[0] ?? {};
      assert.equal(lastState?.terminated?.reason, 'OOMKilled');
    } else {
      assert.deepEqual([pod.oomKills(), pod.restartCount], [1, 0]);
      assert.match((await pod.request('/')).body, /^hello/);
    }
  });

  it('measures how a pause affects requests, readiness and memory', async () => {
    const pod = await cluster.addPod({ name: 'stands', script, readinessProbe, memoryLimit: '200Mi' });
    pod.resetMemoryPeak();
    const calm = pod.memory();
    assert.ok(
      calm.workingSet > 0 && calm.workingSet <= calm.usage && calm.limit === 200 << 20,
      JSON.stringify(calm),
    );
    const load = pod.load({ requestsPerSecond: 50, timeoutMs: 1_000 });
    await pod.request('/stand-still?ms=2500');
    const counts = await load.stop();
    assert.ok(counts.failed > 0 && counts.longestMs > 500, JSON.stringify(counts));
    assert.match(counts.failures[0] ?? '', /no answer within 1000 ms/);
    await eventually(() => assert.match(pod.readinessFailures.join(), /no answer within 1000 ms/));
    assert.deepEqual(shop.readinessFailures, []);
    assert.equal(shop.restartCount, 0);
  });
});

describe('a closed test cluster', { skip }, () => {
  it('leaves no process, cgroup, mount or directory behind', async () => {
    const cluster = await startCluster();
    const pod = await cluster.addPod({ name: 'goes', script, readinessProbe });
    const { hostPid, container } = pod;
    const load = pod.load({ requestsPerSecond: 10 });
    const entered = cluster.kubectl(['exec', '-i', 'goes', '--', 'node', '-e', 'setInterval(()=>{},1e3)']);
    await eventually(() => assert.equal(pod.processes().length, 2));
    const pids = pod.processes();
    await cluster.close();
    await entered;
    await assert.rejects(load.stop(), /has ended/);
    const left = [hostPid, ...pids].filter((pid) => existsSync(`/proc/${pid}`));
    assert.deepEqual(left, []);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(container.id));
    assert.deepEqual(cgroupsNamed(container.id), []);
    const mine = readdirSync(tmpdir()).filter((name) =>
      name.startsWith(`afterimage-cluster-${process.pid}-`),
    );
    assert.deepEqual(mine, []);
  });
});

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function titleOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
}
