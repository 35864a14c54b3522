/** `afterimage capture docker/NAME` with Docker's own daemon: what it captures, and its error messages. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { cgroupsNamed } from '../cluster/cgroup-trees.js';
import { clusterMissing, startDocker, type Docker, type ToolContainer } from '../cluster/index.js';
import { endOf, runCommand, startCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { assertNothingLeftIn, captureContainer } from './planted-container.js';
import { commandIn, namesIn, plantedPod } from './planted-pod.js';
import { childrenOf } from '../process-census.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
const placesOfDocker = [
  '/etc/docker',
  '/run/containerd',
  '/run/docker',
  '/opt/containerd',
  '/var/lib/docker',
];

describe("docker/NAME with Docker's own daemon", { skip }, () => {
  let docker: Docker;
  let shop: ToolContainer;
  const placesBefore = placesOfDocker.filter(existsSync);

  before(async () => {
    docker = await startDocker();
    shop = await docker.run({ name: 'shop', ...plantedPod });
    await eventually(() => shop.request('/'));
  });
  after(() => docker.close());

  async function run(t: TestContext, ...args: Parameters<Docker['run']>): Promise<ToolContainer> {
    const container = await docker.run(...args);
    t.after(() => container.close());
    return container;
  }

  it('takes a snapshot of a hardened container, by its name and by an ID prefix', async (t) => {
    const cwd = await temporaryDirectory(t);
    const id = await docker.docker('inspect', '--format', '{{.Id}}', 'shop');
    const limit = Number(await docker.docker('inspect', '--format', '{{.HostConfig.Memory}}', 'shop'));
    for (const name of ['shop', id.slice(0, 5)]) {
      const args = ['--redact', 'none', '-o', '{target}.heapsnapshot'];
      const stderr = await captureContainer(shop, `docker/${name}`, cwd, args);
      assert.match(stderr, /process 1: Node\.js 24\.\S+, \/app\/planted-server\.js, .*headroom \d+ MB$/m);
      const [, used, of, headroom] = /memory ([\d.]+) MB of (\d+) MB \(cgroup \/\), headroom (\d+) MB$/m.exec(stderr) ?? []; // prettier-ignore
      assert.equal(Number(of), Math.round(limit / 1e6));
      assert.ok(Math.abs(Number(used) + Number(headroom) - Number(of)) <= 2, stderr);
      await assertShowsWhatWasPlanted(join(cwd, `${name}.heapsnapshot`));
    }
    assert.equal((await shop.request('/')).status, 200);
  });

  it('stores the image of a Node.js that is not the first process', async (t) => {
    const cwd = await temporaryDirectory(t);
    const options = ['--init'];
    const container = await run(t, { ...plantedPod, name: 'proj-web_app.1', node: 20 }, { options });
    await eventually(() => container.request('/'));
    const args = ['--image', '{target}.image', '--store-plain-image'];
    const stderr = await captureContainer(container, 'docker/proj-web_app.1', cwd, args);
    assert.match(stderr, /process [2-9]\d*: Node\.js 20\.\S+, \/app\/planted-server\.js/);
    assert.deepEqual(namesIn(cwd), ['proj-web_app.1.image']);
  });

  it('enters as the user that the entry point switched to', async (t) => {
    const cwd = await temporaryDirectory(t);
    // As su-exec and gosu do, which are no part of distroless images.
    const program = `process.setgroups([]); process.setgid(10001); process.setuid(10001);
      process.execve(process.execPath, ['node', '/app/planted-server.js'], process.env)`;
    const container = await run(
      t,
      { ...plantedPod, name: 'dropped' },
      { options: ['--user', '0:0', '--cap-add', 'SETUID', '--cap-add', 'SETGID'], command: ['/usr/local/bin/node', '-e', program] }, // prettier-ignore
    );
    await eventually(() => container.request('/'));
    const stderr = await captureContainer(container, 'docker/dropped', cwd, ['-o', 'result']);
    assert.match(stderr, /^afterimage: process 1 belongs to user id 10001: entering as that user$/m);
    assert.deepEqual(namesIn(cwd), ['result']);
  });

  it('ends at once if interrupted, and retries if docker is killed', async (t) => {
    const cwd = await temporaryDirectory(t);
    const env = { HEAP_MB: '150' };
    const container = await run(t, { ...plantedPod, name: 'big', memoryLimit: '1Gi', env });
    await eventually(() => container.request('/'));
    const start = async (): Promise<ReturnType<typeof startCommand>> => {
      // V8's own generator takes the image as it comes; the reader first waits for all of it.
      const args = ['capture', 'docker/big', '--by', 'v8', '-o', 'result'];
      const command = startCommand(args, { cwd, env: docker.env });
      // The image is on its way: more of it than a pipe holds.
      await eventually(() => assert.equal(namesIn(cwd).length, 1));
      return command;
    };
    const interrupted = await start();
    interrupted.kill('SIGINT');
    const { signal, stderr } = await endOf(interrupted);
    assert.equal(signal, 'SIGINT', stderr);
    assert.match(stderr, /^afterimage: interrupted by SIGINT; nothing was written$/m);
    assert.deepEqual(namesIn(cwd), []);
    await assertNothingLeftIn(container);

    const broken = await start();
    for (const [pid, name] of Object.entries(childrenOf(broken.pid ?? 0)))
      if (name.includes('docker')) process.kill(Number(pid), 'SIGKILL');
    const end = await endOf(broken);
    assert.equal(end.code, 0, end.stderr);
    assert.match(end.stderr, /the connection to container big broke.*; trying again, 2 of 3$/m);
    assert.deepEqual(namesIn(cwd), ['result']);
    await assertNothingLeftIn(container);
  });

  it('tells which container cannot be captured, and why', async (t) => {
    await run(t, { ...plantedPod, name: 'closed', tmp: 'noexec' });
    await run(t, { ...plantedPod, name: 'ended' });
    await docker.docker('stop', '--time', '0', 'ended');
    const cwd = await temporaryDirectory(t);
    // Its first process is docker-init.
    const settings = { ...plantedPod, name: 'hidden', nodePath: '/app/runtime' };
    const hidden = await run(t, settings, { options: ['--init'] });
    await eventually(() => hidden.request('/'));
    const cases = [
      ['closed', 3, /: process 1 has no directory .*\/tmp is noexec.*, in Docker --tmpfs \/tmp:exec\)/],
      [
        'hidden',
        3,
        /: container hidden has no Node\.js where one is usually found .*: pass its path with --node PATH$/m,
      ],
      ['ended', 4, /^afterimage: container ended cannot be reached: .*\bis not running$/m],
      ['nothing', 4, /^afterimage: container nothing cannot be reached: .*No such container: nothing$/m],
      ['--help', 4, /^afterimage: container --help cannot be reached: .*No such container: --help$/m],
    ] as const;
    for (const [name, code, said] of cases) {
      const end = await commandIn(docker, ['capture', `docker/${name}`]);
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, said);
    }
    await captureContainer(hidden, 'docker/hidden', cwd, ['--node', '/app/runtime', '-o', 'result']);
  });

  it('tells why docker cannot be reached', async (t) => {
    const cwd = await temporaryDirectory(t);
    chmodSync(cwd, 0o777);
    chmodSync(docker.directory, 0o755);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const capture = ['capture', 'docker/shop'];
    const missing = `unix://${docker.directory}/missing.sock`;
    const cases = [
      [
        { DOCKER_HOST: missing },
        [],
        1,
        /shop cannot be reached: Cannot connect to the Docker daemon at unix:/,
      ],
      [{ DOCKER_HOST: '', DOCKER_CONTEXT: 'nowhere' }, [], 1, /shop cannot be reached: .*docker/i],
      [
        {},
        nobody,
        3,
        /shop cannot be reached: .*permission denied; to use docker, join the group of its socket, or use sudo$/m,
      ],
      [
        { PATH: cwd },
        [],
        1,
        /^afterimage: docker is not installed, or not in PATH: containers are reached by it$/m,
      ],
    ] as const;
    for (const [changed, prefix, code, said] of cases) {
      const env = { ...docker.env, ...changed };
      const end = await runCommand(capture, { cwd, env, prefix: [...prefix] });
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, said);
    }
    assert.deepEqual(namesIn(cwd), []);
  });

  it('leaves nothing of the daemon behind', async () => {
    await shop.close();
    await docker.close();
    const name = basename(docker.directory);
    assert.deepEqual(cgroupsNamed(name), []);
    assert.deepEqual(
      readdirSync(tmpdir()).filter((entry) => entry === name),
      [],
    );
    assert.ok(!existsSync(`/proc/${docker.pid}`));
    assert.deepEqual(placesOfDocker.filter(existsSync), placesBefore);
  });
});
