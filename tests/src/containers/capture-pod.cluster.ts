/** `afterimage capture pod/NAME` and related targets: real containers, with the real kubectl. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { clusterMissing, startCluster, type Cluster, type Pod, type PodSettings } from '../cluster/index.js';
import { debianProgram } from '../targets/debian-program.js';
import { countOf, loadInDevTools } from '../snapshot/devtools-model.js';
import { eventually } from '../eventually.js';
import { note, plantedCount } from '../fixtures/planted.js';
import { nodes } from '../nodes.js';
import { assertNothingLeft, assertUndisturbed, commandIn, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
const namespace = 'shop';

describe('capture of pods', { skip }, () => {
  let cluster: Cluster;
  before(async () => (cluster = await startCluster()));
  after(() => cluster.close());

  const addPod = (settings: Omit<PodSettings, 'script'>): Promise<Pod> =>
    cluster.addPod({ ...plantedPod, namespace, ...settings });

  /** Runs it to its good end, and returns what it printed and said. */
  const capture = async (cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> => {
    const { code, stdout, stderr } = await commandIn(cluster, ['capture', ...args], { cwd });
    assert.equal(code, 0, stderr);
    return { stdout: stdout.toString(), stderr };
  };

  for (const { major, version } of nodes) {
    it(`takes a snapshot of Node ${major} under load, and leaves nothing behind`, async (t) => {
      const directory = await temporaryDirectory(t);
      const pod = await addPod({ name: `node-${major}`, node: major });
      const load = pod.load({ requestsPerSecond: 40 });
      const { stdout } = await capture(
        directory,
        ...['pod/' + pod.name, '-n', namespace, '--redact', 'none', '--json'],
      );
      const counts = await load.stop();
      assert.ok(counts.served > 0);
      assert.equal(counts.failed, 0, counts.failures.join());
      assertUndisturbed(pod);
      await assertNothingLeft(pod);
      const { target, kind, path, redaction, extraBytes, pauseMs, image, ...rest } = (
        JSON.parse(stdout) as {
          captures: [
            {
              [figure: string]: unknown;
              path: string;
              image: { nodeVersion: string; pid: number };
            },
          ];
        }
      ).captures[0];
      assert.deepEqual([target, kind, redaction], [`pod ${pod.name}/app`, 'snapshot', 'none']);
      assert.deepEqual([image.nodeVersion, image.pid], [version, 1]);
      for (const figure of [extraBytes, pauseMs, rest['bytes'], rest['nodes'], rest['captureMs']])
        assert.ok(Number(figure) > 0, stdout);
      assert.match(path, new RegExp(`^node-${major}-\\d{8}T\\d{6}Z\\.heapsnapshot$`));
      assert.deepEqual(namesIn(directory), [path]);
      await assertShowsWhatWasPlanted(join(directory, path));
    });
  }

  it('captures the longest-running pod of a Deployment, or all', async (t) => {
    const directory = await temporaryDirectory(t);
    const pods: Pod[] = [];
    for (const name of ['till-b', 'till-a']) {
      pods.push(await addPod({ name, owner: { kind: 'Deployment', name: 'till' } }));
      // Their status tells whole seconds.
      await eventually(() => assert.ok(Date.now() > startOf(pods.at(-1)) + 1_000));
    }
    const image = ['--image', '--store-plain-image', '-n', namespace];
    const { stderr } = await capture(directory, 'deploy/till', ...image);
    assert.match(
      stderr,
      /deploy\/till: 2 pods match; using till-b \(running longest\). --all captures every one$/m,
    );
    assert.match(
      stderr,
      /pod till-b\/app on node-1: ready, 0 restarts; 2 of 2 replicas ready$/m,
      'what is known is said',
    );
    assert.doesNotMatch(stderr, /warning: no other replica/);
    assert.match(namesIn(directory).join(), /^till-b-\w+\.image\.(zst|gz)$/);

    const all = await capture(directory, '-l', 'app=till', '--all', '--json', '-o', '{target}.heapsnapshot', '-n', namespace); // prettier-ignore
    const reports = (JSON.parse(all.stdout) as { captures: { target: string; path: string }[] }).captures;
    assert.deepEqual(
      reports.map(({ target, path }) => `${target} ${path}`),
      ['pod till-b/app till-b.heapsnapshot', 'pod till-a/app till-a.heapsnapshot'],
    );
    for (const { path } of reports) {
      const model = await loadInDevTools(join(directory, path));
      assert.equal(countOf(model, 'PlantedThing'), plantedCount);
      assert.ok(!readFileSync(join(directory, path), 'latin1').includes(note), 'it is redacted');
    }
    for (const pod of pods) await assertNothingLeft(pod);
  });

  it('first shows what is known about a StatefulSet with one replica, and how it last ended', async (t) => {
    const directory = await temporaryDirectory(t);
    const pod = await addPod({ name: 'db-0', owner: { kind: 'StatefulSet', name: 'db' }, cpuLimit: '1' });
    process.kill(pod.hostPid, 'SIGKILL');
    await eventually(() => assert.equal(pod.status().containerStatuses[0]?.ready, true));
    await eventually(() => assert.equal(pod.restartCount, 1));
    await eventually(() => assert.equal(pod.status().containerStatuses[0]?.ready, true));
    const { stderr } = await capture(directory, 'sts/db', '-n', namespace, '-c', 'app');
    assert.match(
      stderr,
      /pod db-0\/app on node-1: ready, 1 restart, the last time Error; 1 of 1 replica ready$/m,
    );
    assert.match(
      stderr,
      /process 1: Node\.js 24\.\S+, \/app\/planted-server\.js, [\d.]+ MB resident; memory [\d.]+ MB of 315 MB \(cgroup \/\), headroom \d+ MB$/m,
    );
    assert.match(stderr, /warning: no other replica serves meanwhile/);
    assert.match(stderr, /wrote the snapshot db-0-\S+\.heapsnapshot \(.*pod db-0\/app was paused for /);
  });

  it('stores an image for a recipient, which develop reads elsewhere', async (t) => {
    const directory = await temporaryDirectory(t);
    const pod = await addPod({ name: 'sealed' });
    const identity = join(directory, 'identity');
    debianProgram('age');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    await capture(
      directory,
      'pod/sealed',
      '-n',
      namespace,
      '--image',
      'sealed.age',
      '--recipient',
      recipient,
    );
    const args = ['develop', 'sealed.age', '--identity', identity, '-o', 'clear', '--redact', 'none'];
    const { code, stderr } = await commandIn(cluster, args, { cwd: directory });
    assert.equal(code, 0, stderr);
    await assertShowsWhatWasPlanted(join(directory, 'clear'));
    await assertNothingLeft(pod);
  });

  for (const nodePath of ['/nodejs/bin/node', '/opt/vendor/runtime']) {
    it(`finds Node.js at ${nodePath}`, async (t) => {
      const directory = await temporaryDirectory(t);
      const pod = await addPod({ name: `at-${nodePath.split('/')[1] ?? ''}`, nodePath });
      await capture(directory, `pod/${pod.name}`, '-n', namespace, '--image', '--store-plain-image');
      await assertNothingLeft(pod);
    });
  }
});

function startOf(pod: Pod | undefined): number {
  return Date.parse(pod?.status().containerStatuses[0]?.state.running?.startedAt ?? '');
}
