/** Limits that this machine may not have, read from a made-up /proc: threads under cgroup v2, memory without overcommit. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readStatus } from '../../../packages/host/dist/process-status.js';
import { shortageOf, type Use } from '../../../packages/afterimage/dist/processes/spare-resources.js';
import { temporaryDirectory } from '../temporary-directory.js';

const PID = 4711;
const STATUS = `Name:\tnode
State:\tS (sleeping)
Tgid:\t${PID}
Pid:\t${PID}
PPid:\t1
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
VmSize:\t  900000 kB
VmRSS:\t  300000 kB
VmData:\t  400000 kB
Threads:\t11
NSpid:\t${PID}
SigBlk:\t0000000000000000
SigCgt:\t0000000000000200
CapEff:\t0000000000000000
`;
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max open files            1024                 1024                 files
`;

async function shortageIn(t: TestContext, files: Record<string, string>, use: Use): Promise<string | null> {
  const root = await temporaryDirectory(t);
  const all = {
    [`proc/${PID}/status`]: STATUS,
    [`proc/${PID}/limits`]: LIMITS,
    [`proc/${PID}/fd/0`]: '',
    [`proc/${PID}/cgroup`]: '0::/kubepods/pod/app\n',
    'proc/self/mountinfo': '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const status = await readStatus(PID, join(root, 'proc'));
  assert.ok(status);
  return (await shortageOf(status, use, root))?.message ?? null;
}

function pids(directory: string, max: string, current: number): Record<string, string> {
  return {
    [`sys/fs/cgroup${directory}/pids.max`]: `${max}\n`,
    [`sys/fs/cgroup${directory}/pids.current`]: `${current}\n`,
  };
}

test('cgroup v2: the fewest threads of the cgroup and its ancestors count', async (t) => {
  const roomy = { ...pids('/kubepods', 'max', 900), ...pids('/kubepods/pod/app', '100', 40) };
  assert.equal(await shortageIn(t, { ...roomy, ...pids('/kubepods/pod', '64', 40) }, 'capture'), null);
  const tight = { ...roomy, ...pids('/kubepods/pod', '44', 40) };
  for (const use of ['capture', 'questions'] as const) {
    assert.match(
      (await shortageIn(t, tight, use)) ?? '',
      /can start 4 more threads \(pids\.max of cgroup \/kubepods\/pod: 40 of 44\)/,
    );
  }
});

test('without overcommit a fork must be covered by what can be committed', async (t) => {
  const machine = (mode: number, committed: number): Record<string, string> => ({
    'proc/sys/vm/overcommit_memory': `${mode}\n`,
    'proc/meminfo': `MemTotal: 8000000 kB\nCommitLimit:     4000000 kB\nCommitted_AS:   ${committed} kB\n`,
  });
  assert.equal(await shortageIn(t, machine(2, 3_000_000), 'capture'), null);
  assert.match(
    (await shortageIn(t, machine(2, 3_600_000), 'capture')) ?? '',
    /does not overcommit memory \(vm\.overcommit_memory is 2\) and has 410 MB of 4\.1 GB left, but forking process 4711 needs 577 MB/,
  );
  // Nothing is forked for questions, and the other modes do not count like this.
  assert.equal(await shortageIn(t, machine(2, 3_600_000), 'questions'), null);
  assert.equal(await shortageIn(t, machine(0, 3_600_000), 'capture'), null);
});
