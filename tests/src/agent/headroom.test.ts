import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { describeHeadroom, readHeadroom } from '../../../packages/host/dist/headroom.js';
import { temporaryDirectory } from '../targets/agent-target.js';
import {
  cgroupVersion,
  limitMemory,
  makeMemoryCgroup,
  memoryCgroupOf,
  memoryRoot,
} from '../memory-cgroup.js';

const MB = 1e6;
const V2_MOUNT = '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
const MACHINE = 'MemTotal:       8000000 kB\nMemFree:        100 kB\nMemAvailable:   4000000 kB\n';

/** A root directory with these files in it. */
function tree(t: TestContext, files: Record<string, string>): string {
  const root = temporaryDirectory(t);
  for (const [path, text] of Object.entries({ 'proc/meminfo': MACHINE, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function v2(
  directory: string,
  max: number | 'max',
  current: number,
  inactive = 0,
  high = 'max',
): Record<string, string> {
  return {
    [`${directory}/memory.max`]: `${max}\n`,
    [`${directory}/memory.high`]: `${high}\n`,
    [`${directory}/memory.current`]: `${current}\n`,
    [`${directory}/memory.stat`]: `anon 1\nactive_file 5\ninactive_file ${inactive}\n`,
  };
}

test('v2: reclaimable page cache counts as free', async (t) => {
  const root = tree(t, {
    'proc/self/mountinfo': V2_MOUNT,
    'proc/self/cgroup': '0::/app\n',
    ...v2('sys/fs/cgroup/app', 1000 * MB, 700 * MB, 100 * MB),
  });
  const headroom = await readHeadroom(root);
  assert.deepEqual(headroom, {
    limit: 1000 * MB,
    used: 600 * MB,
    available: 400 * MB,
    source: 'cgroup /app',
  });
  assert.equal(describeHeadroom(headroom), '400 MB available (cgroup /app: 600 MB used of 1.0 GB)');
});

test('v2: the tightest limit of the ancestors counts', async (t) => {
  const root = tree(t, {
    'proc/self/mountinfo': V2_MOUNT,
    'proc/self/cgroup': '0::/kubepods/pod/app\n',
    ...v2('sys/fs/cgroup/kubepods', 'max', 5000 * MB),
    ...v2('sys/fs/cgroup/kubepods/pod', 1000 * MB, 900 * MB),
    ...v2('sys/fs/cgroup/kubepods/pod/app', 800 * MB, 500 * MB),
  });
  const { available, source } = await readHeadroom(root);
  assert.deepEqual([available, source], [100 * MB, 'cgroup /kubepods/pod']);
});

test('v2: memory.high counts as a limit', async (t) => {
  const root = tree(t, {
    'proc/self/mountinfo': V2_MOUNT,
    'proc/self/cgroup': '0::/app\n',
    ...v2('sys/fs/cgroup/app', 1000 * MB, 500 * MB, 0, String(600 * MB)),
  });
  assert.equal((await readHeadroom(root)).available, 100 * MB);
});

test('v2 in a container: a path outside the mount means the mount itself', async (t) => {
  for (const path of ['/', '/../../init.scope']) {
    const root = tree(t, {
      'proc/self/mountinfo': V2_MOUNT,
      'proc/self/cgroup': `0::${path}\n`,
      ...v2('sys/fs/cgroup', 512 * MB, 500 * MB),
      ...v2('sys/fs/cgroup/init.scope', 10 * MB, 9 * MB), // another one, that has the same name here
    });
    assert.deepEqual((await readHeadroom(root)).available, 12 * MB);
  }
});

function v1(
  directory: string,
  limit: number,
  usage: number,
  inactive: number,
  hierarchical = limit,
): Record<string, string> {
  return {
    [`${directory}/memory.limit_in_bytes`]: `${limit}\n`,
    [`${directory}/memory.usage_in_bytes`]: `${usage}\n`,
    [`${directory}/memory.stat`]: `inactive_file 1\nhierarchical_memory_limit ${hierarchical}\ntotal_inactive_file ${inactive}\n`,
  };
}

const V1_NO_LIMIT = 9223372036854771712;
const HYBRID_MOUNTS =
  '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n' +
  '36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n' +
  '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';

test('v1 on a hybrid host: the memory hierarchy counts, including ancestors', async (t) => {
  const root = tree(t, {
    'proc/self/mountinfo': HYBRID_MOUNTS,
    'proc/self/cgroup': '4:memory:/a/b\n1:cpu:/x\n0::/\n',
    ...v1('sys/fs/cgroup/memory', V1_NO_LIMIT, 1, 0),
    ...v1('sys/fs/cgroup/memory/a', 600 * MB, 590 * MB, 40 * MB),
    ...v1('sys/fs/cgroup/memory/a/b', V1_NO_LIMIT, 100 * MB, 0, 600 * MB),
  });
  const { available, source } = await readHeadroom(root);
  assert.deepEqual([available, source], [50 * MB, 'cgroup /a']);
});

test("v1 in a container: the host's path counts, and so does the limit of an unmounted ancestor", async (t) => {
  const root = tree(t, {
    'proc/self/mountinfo': '35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
    'proc/self/cgroup': '4:memory:/docker/abc\n',
    ...v1('sys/fs/cgroup/memory', V1_NO_LIMIT, 100 * MB, 0, 300 * MB),
  });
  assert.equal((await readHeadroom(root)).available, 200 * MB);
});

test("without a limit or cgroups, the machine's memory counts", async (t) => {
  const unlimited = tree(t, {
    'proc/self/mountinfo': V2_MOUNT,
    'proc/self/cgroup': '0::/app\n',
    ...v2('sys/fs/cgroup/app', 'max', 700 * MB),
  });
  const machine = { limit: 8192 * MB, used: 4096 * MB, available: 4096 * MB, source: 'this machine' };
  assert.deepEqual(await readHeadroom(unlimited), machine);
  assert.deepEqual(await readHeadroom(tree(t, {})), machine);
});

/**
 * Calls `then` with this process in an unlimited cgroup below a limited one; skips if those cannot be
 * created.
 */
async function withinLimit(
  t: TestContext,
  bytes: number,
  then: (outer: string, inner: string) => Promise<void>,
): Promise<void> {
  const own = memoryCgroupOf('self');
  const made: string[] = [];
  try {
    made.push(makeMemoryCgroup(`afterimage-test-${process.pid}`));
    made.push(makeMemoryCgroup('inner', made[0]));
    limitMemory(made[0] ?? '', bytes);
    writeFileSync(join(made[1] ?? '', 'cgroup.procs'), String(process.pid));
    await then(made[0] ?? '', made[1] ?? '');
  } catch (error) {
    if (made.length === 2) throw error;
    t.skip(`cannot create a cgroup here: ${String(error)}`);
  } finally {
    if (made.length > 0) writeFileSync(join(own, 'cgroup.procs'), String(process.pid));
    for (const cgroup of made.reverse()) rmdirSync(cgroup);
  }
}

test("real cgroups: the parent's limit counts, and so does a tighter one of the cgroup itself", async (t) => {
  await withinLimit(t, 1 << 30, async (outer, inner) => {
    const above = await readHeadroom();
    assert.deepEqual([above.limit, above.source], [1 << 30, `cgroup ${outer.slice(memoryRoot.length)}`]);
    assert.ok(above.available > 0 && above.available <= above.limit);
    limitMemory(inner, 512 << 20);
    const own = await readHeadroom();
    assert.deepEqual([own.limit, own.source], [512 << 20, `cgroup ${inner.slice(memoryRoot.length)}`]);
  });
});

const needsV2 = cgroupVersion === 2 ? false : 'this machine has no cgroup v2 with a memory controller';

test('a real cgroup in which the kernel throttles first (memory.high)', { skip: needsV2 }, async (t) => {
  await withinLimit(t, 1 << 30, async (outer) => {
    writeFileSync(join(outer, 'memory.high'), String(512 << 20));
    assert.equal((await readHeadroom()).limit, 512 << 20);
  });
});
