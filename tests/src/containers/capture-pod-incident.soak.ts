/**
 * The incident: a server of 650 MB in a container of 1 GiB, under load and with a readiness probe, captured
 * many times in a row. A capture takes only a small part of the limit, and requests are not affected.
 * SOAK_CAPTURES, SOAK_HEAP_MB and SOAK_REQUESTS (a second) make it smaller for slow machines. With
 * SOAK_COLLECTIONS=1 the server runs a full garbage collection right after each fork, when it costs most:
 * everything that it writes to exists twice.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { clusterMissing, startCluster, type Cluster, type Pod } from '../cluster/index.js';
import { eventually } from '../eventually.js';
import { assertNothingLeft, assertUndisturbed, commandIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
const captures = Math.min(30, Number(process.env.SOAK_CAPTURES ?? 30));
const heapMb = Number(process.env.SOAK_HEAP_MB ?? 480);
const requestsPerSecond = Number(process.env.SOAK_REQUESTS ?? 50);
const collects = process.env.SOAK_COLLECTIONS === '1';
/** By SIGHUP. */
const collecting = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGHUP",()=>gc())'];
/** Of the limit. */
const mostShare = collects ? 0.06 : 0.05;

describe(`${captures} captures of a pod near its limit`, { skip }, () => {
  let cluster: Cluster;
  before(async () => (cluster = await startCluster()));
  after(() => cluster.close());

  for (const node of [20, 24] as const) {
    it(`on Node ${node}`, { timeout: 300_000 + 60_000 * captures }, async (t) => {
      const cwd = await temporaryDirectory(t);
      const pod = await cluster.addPod({
        ...plantedPod,
        name: `node-${node}`,
        node,
        nodeArgs: ['--max-old-space-size=900', ...(collects ? collecting : [])],
        memoryLimit: '1Gi',
        env: { HEAP_MB: String(heapMb), BUFFERS_MB: String(Math.round(heapMb / 4.8)) },
      });
      const load = pod.load({ requestsPerSecond });
      const path = join(cwd, 'stored.image');
      const taken: number[] = [];
      for (let n = 1; n <= captures; n++) {
        rmSync(path, { force: true });
        const { usage, limit } = pod.memory();
        pod.resetMemoryPeak();
        const args = ['capture', `pod/${pod.name}`, '--image', path, '--store-plain-image'];
        const captured = commandIn(cluster, args);
        if (collects) await collectAfterFork(pod);
        const { code, stderr } = await captured;
        assert.equal(code, 0, stderr);
        const share = (pod.memory().peak - usage) / limit;
        taken.push(Math.round(share * 1000) / 10);
        assert.ok(share <= mostShare, `percent of the limit: ${taken.join(', ')}`);
        await assertNothingLeft(pod);
        assertUndisturbed(pod);
      }
      t.diagnostic(`percent of the limit that each capture took: ${taken.join(', ')}`);
      const counts = await load.stop();
      assert.equal(counts.failed, 0, counts.failures.join());
      t.diagnostic(`${counts.served} requests served, the longest took ${Math.round(counts.longestMs)} ms`);
      const snapshot = join(cwd, 'last.heapsnapshot');
      const developed = await commandIn(cluster, ['develop', path, '-o', snapshot, '--redact', 'none']);
      assert.equal(developed.code, 0, developed.stderr);
      await assertShowsWhatWasPlanted(snapshot);
    });
  }
});

/** The image child is the third process: the kit was there before. */
async function collectAfterFork(pod: Pod): Promise<void> {
  await eventually(() => assert.ok(pod.processes().length >= 3, 'no image child'));
  process.kill(pod.hostPid, 'SIGHUP');
}
