/** A capture whose connection breaks, or that is killed: never a result, and nothing left in the pod. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, afterEach, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { clusterMissing, startCluster, type Cluster, type Pod } from '../cluster/index.js';
import { endOf, startCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { assertNothingLeft, assertUndisturbed, commandIn, namesIn, plantedPod } from './planted-pod.js';
import { childrenOf } from '../process-census.js';
import { temporaryDirectory } from '../temporary-directory.js';

/** For a tenth of a second, so it is looked for all the time. */
async function inspectorOpens(pod: Pod): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (pod.listeningPorts().length < 2) {
    assert.ok(performance.now() < deadline, 'no inspector was opened');
    await pause(1);
  }
}

/** As the kernel does when memory has run out. What it has started may end with it, or have ended. */
function killKit(pod: Pod): void {
  for (const pid of pod.processes()) {
    if (pid === pod.hostPid) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

const skip = clusterMissing() ?? false;
const args = ['capture', 'pod/shop', '--image', 'result', '--store-plain-image', '--json'];

describe('a capture of a pod', { skip }, () => {
  let cluster: Cluster;
  let pod: Pod;
  before(async () => {
    cluster = await startCluster();
    pod = await cluster.addPod({ name: 'shop', ...plantedPod });
  });
  after(() => cluster.close());
  afterEach(() => {
    cluster.faults.exec = undefined;
    assertUndisturbed(pod);
  });

  const places = [
    ['the greeting', { afterStdoutBytes: 10 }],
    ['the upload of the kit', { afterStdinBytes: 100_000 }],
    ['what the kit says first', { afterStdoutBytes: 100 }],
    ['the image', { afterStdoutBytes: 300_000 }],
  ] as const;
  for (const [place, where] of places) {
    it(`is retried if its connection is cut within ${place}`, async (t) => {
      const cwd = await temporaryDirectory(t);
      cluster.faults.exec = { ...where, then: 'cut', times: 1 };
      const { code, stdout, stderr } = await commandIn(cluster, args, { cwd });
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /the connection to pod shop\/app broke.*; nothing was written, and nothing is left there; trying again, 2 of 3$/m,
      );
      assert.equal(
        (JSON.parse(stdout.toString()) as { captures: [{ attempts: number }] }).captures[0].attempts,
        2,
      );
      assert.deepEqual(namesIn(cwd), ['result']);
      await assertNothingLeft(pod);
    });
  }

  it('fails if its connection is cut each time', async (t) => {
    const cwd = await temporaryDirectory(t);
    cluster.faults.exec = { afterStdoutBytes: 1_000_000, then: 'cut' };
    const { code, stderr } = await commandIn(cluster, args, { cwd });
    assert.equal(code, 1, stderr);
    assert.equal(stderr.match(/trying again/g)?.length, 2, stderr);
    assert.match(
      stderr,
      /\nafterimage: the connection to pod shop\/app broke.*; nothing was written, and nothing is left there\n$/,
    );
    assert.deepEqual(namesIn(cwd), []);
    await assertNothingLeft(pod);
  });

  /** The command, with its image at a crawl on the way out. */
  const startCapture = async (t: TestContext): Promise<{ command: ChildProcess; cwd: string }> => {
    const cwd = await temporaryDirectory(t);
    cluster.faults.exec = { afterStdoutBytes: 200_000, then: 'crawl', times: 1 };
    const command = startCommand(args, { cwd, env: cluster.env });
    await eventually(() =>
      assert.equal(pod.processes().length, 3, 'the server, its image child and the kit'),
    );
    return { command, cwd };
  };

  it('is retried if kubectl is killed', async (t) => {
    const { command, cwd } = await startCapture(t);
    const kubectl = Object.entries(childrenOf(command.pid ?? 0)).find(([, name]) => name.endsWith('kubectl'));
    process.kill(Number(kubectl?.[0]), 'SIGKILL');
    const { code, stderr } = await endOf(command);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the connection to pod shop\/app broke.*; trying again, 2 of 3$/m);
    assert.deepEqual(namesIn(cwd), ['result']);
    await assertNothingLeft(pod);
  });

  it('aborts if memory runs low, before the kernel kills the container', async (t) => {
    const { command, cwd } = await startCapture(t);
    const { usage, limit } = pod.memory();
    pod.limitMemory(usage + (24 << 20));
    const { code, stderr } = await endOf(command);
    pod.limitMemory(limit);
    assert.match(stderr, /memory low: [\d.]+ MB available \(.*, reserve/m);
    assert.equal(code, 3, stderr);
    assert.equal(pod.oomKills(), 0);
    assert.deepEqual(namesIn(cwd), []);
    await assertNothingLeft(pod);
    assertUndisturbed(pod);
  });

  it('cleans up after a killed kit, and is retried', async (t) => {
    const cwd = await temporaryDirectory(t);
    const command = startCommand(args, { cwd, env: cluster.env });
    await inspectorOpens(pod);
    killKit(pod);
    const { code, stderr } = await endOf(command);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /the connection to pod shop\/app broke.*, and nothing is left there; trying again, 2 of 3$/m,
    );
    assert.deepEqual(namesIn(cwd), ['result']);
    await assertNothingLeft(pod);
  });

  it('reports what a killed kit left if that cannot be cleaned up', async (t) => {
    const other = await cluster.addPod({ name: 'other', ...plantedPod });
    const cwd = await temporaryDirectory(t);
    const command = startCommand(['capture', 'pod/other', '--image', 'result', '--store-plain-image'], {
      cwd,
      env: cluster.env,
    });
    await inspectorOpens(other);
    cluster.faults.exec = { afterStdoutBytes: 10, then: 'cut' };
    killKit(other);
    const { code, stderr } = await endOf(command);
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /what is left there could not be cleaned up .*whether the inspector of process 1 there is closed/,
    );
    assert.deepEqual(namesIn(cwd), []);
    assertUndisturbed(other);
  });

  it('leaves nothing in the container if it is killed', async (t) => {
    const { command, cwd } = await startCapture(t);
    command.kill('SIGKILL');
    await endOf(command);
    await assertNothingLeft(pod);
    assert.ok(!namesIn(cwd).includes('result'));
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`leaves nothing anywhere after ${signal}`, async (t) => {
      const { command, cwd } = await startCapture(t);
      command.kill(signal);
      const end = await endOf(command);
      assert.equal(end.signal, signal, end.stderr);
      assert.match(end.stderr, new RegExp(`afterimage: interrupted by ${signal}; nothing was written\n$`));
      assert.deepEqual(namesIn(cwd), []);
      await assertNothingLeft(pod);
    });
  }
});
