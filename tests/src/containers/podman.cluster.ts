/** Containers by podman, for machines without Kubernetes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clusterMissing, startPodman } from '../cluster/index.js';
import { memoryRoot } from '../memory-cgroup.js';
import { PATIENCE_MS } from '../patience.js';

const script = fileURLToPath(new URL('../fixtures/pod-server.cjs', import.meta.url));
const skip = clusterMissing() ?? false;

it('podman and docker exec enter a container, and leave nothing behind', { skip }, async () => {
  const container = await startPodman({ name: 'shop', script, memoryLimit: '200Mi', tmp: 'noexec' });
  const { env, hostPid } = container;
  try {
    const program = `const { readFileSync: read } = require('node:fs');
      JSON.stringify([process.getuid(), read('/proc/self/status', 'latin1'), read('/proc/self/mounts', 'latin1')])`;
    for (const command of ['podman', 'docker']) {
      const args = ['exec', '-i', 'shop', 'node', '-p', program];
      const { stdout } = await promisify(execFile)(command, args, { env, timeout: PATIENCE_MS });
      const [uid, status, mounts] = JSON.parse(stdout) as [number, string, string];
      assert.equal(uid, 10001);
      assert.match(status, /^CapEff:\t0+$[^]*^NoNewPrivs:\t1$[^]*^Seccomp:\t2$/m);
      assert.match(mounts, /^tmpfs \/tmp tmpfs \S*\bnoexec\b/m);
    }
    await assert.rejects(
      promisify(execFile)('podman', ['exec', 'shop', 'sh'], { env, timeout: PATIENCE_MS }),
      /exec: "sh": executable file not found in \$PATH/,
    );
    assert.match((await container.request('/')).body, /^hello from v24\./);
  } finally {
    await container.close();
  }
  assert.ok(!existsSync(`/proc/${hostPid}`));
  const directory = `afterimage-podman-${process.pid}-`;
  assert.deepEqual(
    [tmpdir(), memoryRoot].flatMap((place) =>
      readdirSync(place).filter((name) => name.startsWith(directory)),
    ),
    [],
  );
});
