/**
 * Targets near a limit: what attaching needs is checked beforehand, and if it is short, nothing is sent.
 * Node.js would abort without a descriptor, a thread or memory.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, test, type TestContext } from 'node:test';
import { afterTest } from '../targets/agent-target.js';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { nodeOf, outerNodes } from '../nodes.js';
import {
  addonCopies,
  listeningPorts,
  needsOtherUsers,
  needsRoot,
  preloaded,
  startPlainTarget,
  watchdogsOf,
  type PlainTarget,
} from '../targets/plain-target.js';
import { childrenOf } from '../process-census.js';
import { classNamed, type HeapJson } from '../snapshot/planted-heap.js';
import { temporaryDirectory } from '../temporary-directory.js';

const refused = 3;
const gone = 4;

/** One line with the figures and what is safe; the target lives, answers and holds the same as before. */
async function assertRefused(target: PlainTarget, message: RegExp): Promise<void> {
  const { code, stderr, stdout } = await runCommand(['capture', String(target.pid)]);
  assert.match(stderr, message);
  assert.match(
    stderr,
    /^afterimage: [^\n]+; safe meanwhile, [^\n]+afterimage memory [^\n]+\(nothing was sent to it\)\n$/,
  );
  assert.deepEqual([code, stdout.toString()], [refused, '']);
  await assertLeftAlone(target);
  assert.equal(await target.run('6 * 7'), 42);
  assert.equal(target.stderr(), '');
}

/** The heap is still read, without the target's help. */
async function assertReadFromOutside(target: PlainTarget, message: RegExp): Promise<void> {
  const { code, stderr, stdout } = await runCommand(['heap', String(target.pid), '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const read = JSON.parse(stdout.toString()) as HeapJson & { noFigures: string | null };
  assert.match(read.noFigures ?? '', message);
  assert.deepEqual([read.heap.usedBytes, read.resources], [null, null]);
  assert.ok(read.heap.committedBytes > 1e6 && read.heap.committedBytes < read.rssBytes);
  assert.ok(classNamed(read, '(string)').bytes > 1e5);
  await assertLeftAlone(target);
  assert.equal(await target.run('6 * 7'), 42);
  assert.equal(target.stderr(), '');
}

/** No inspector is open, and no process of a capture is left. */
async function assertLeftAlone({ pid, port }: PlainTarget): Promise<void> {
  await eventually(() => {
    assert.deepEqual(listeningPorts(pid), [port]);
    assert.deepEqual([childrenOf(pid), watchdogsOf(pid), addonCopies(pid)], [{}, [], []]);
  });
}

async function assertCaptured(t: TestContext, target: PlainTarget): Promise<void> {
  const output = join(await temporaryDirectory(t), 'x.heapsnapshot');
  const { code, stderr } = await runCommand(['capture', String(target.pid), '-o', output]);
  assert.equal(code, 0, stderr);
  await assertLeftAlone(target);
}

/** Opens files until this many descriptors are left. */
async function leaveDescriptors(target: PlainTarget, free: number): Promise<void> {
  const code = `
    const { openSync, closeSync } = require('fs');
    const held = (globalThis.held ??= []);
    try { for (;;) held.push(openSync('/dev/null')); } catch {}
    for (let at = 0; at < ${free}; at++) closeSync(held.pop());
    held.length`;
  assert.ok(Number(await target.run(code)) > 0);
}

const limitedFiles = ['prlimit', '--nofile=96', '--'];

describe('limited file descriptors', () => {
  for (const { major, path } of outerNodes) {
    it(`Node ${major}`, async (t) => {
      const target = await startPlainTarget(t, { node: path, prefix: limitedFiles });
      for (const free of [3, 20]) {
        await leaveDescriptors(target, free + 1); // the request for this uses one
        const message =
          /process \d+ has (no|\d+) file descriptors? left \(\d+ of 96 in use\) .*prlimit --pid \d+/;
        await (free === 3 ? assertReadFromOutside : assertRefused)(target, message);
      }
      await leaveDescriptors(target, 36);
      await assertCaptured(t, target);
    });
  }
});

/** Creates a pids cgroup below another one; null if that is impossible. */
function threadCgroup(t: TestContext): string | null {
  const root = '/sys/fs/cgroup/pids';
  const parent = join(root, `attach-limits-${process.pid}-${performance.now().toFixed(0)}`);
  if (!existsSync(root)) {
    t.skip('needs the pids controller of cgroup v1');
    return null;
  }
  const cgroup = join(parent, 'own');
  mkdirSync(cgroup, { recursive: true });
  afterTest(t, async () => {
    await eventually(() => rmdirSync(cgroup));
    rmdirSync(parent);
  });
  return cgroup;
}

describe('limited threads', { skip: needsRoot }, () => {
  for (const { major, path } of [nodeOf(20), nodeOf(26)]) {
    it(`in an ancestor of the cgroup, Node ${major}`, async (t) => {
      const cgroup = threadCgroup(t);
      if (cgroup === null) return;
      const target = await startPlainTarget(t, { node: path });
      writeFileSync(join(cgroup, 'cgroup.procs'), String(target.pid));
      const limit = join(dirname(cgroup), 'pids.max');
      const leave = (free: number): void => {
        const used = Number(readFileSync(join(cgroup, 'pids.current'), 'utf8'));
        writeFileSync(limit, String(used + free));
      };
      for (const free of [0, 2]) {
        leave(free);
        const message =
          /can start (no|\d+) more threads? \(pids\.max of cgroup \/attach-limits-[\d-]+: \d+ of \d+\)/;
        await (free === 0 ? assertReadFromOutside : assertRefused)(target, message);
      }
      leave(8);
      await assertCaptured(t, target);
    });
  }

  it('of the user', { skip: needsOtherUsers }, async (t) => {
    const uid = 54_321;
    // Node.js has 7 of them, or slightly more.
    const prefix = [
      'prlimit',
      '--nproc=13',
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${uid}`,
      '--clear-groups',
      '--',
    ];
    const target = await startPlainTarget(t, { prefix, env: { HOME: '/' } });
    await assertRefused(target, new RegExp(`threads of user id ${uid}: \\d+ of 13`));
  });
});

describe('limited memory', () => {
  for (const { major, path } of [nodeOf(26)]) {
    for (const [option, field] of [
      ['as', 'VmSize'],
      ['data', 'VmData'],
    ] as const) {
      it(`RLIMIT_${option.toUpperCase()} on Node ${major}`, async (t) => {
        const target = await startPlainTarget(t, { node: path });
        const leave = (bytes: number): void => {
          const status = readFileSync(`/proc/${target.pid}/status`, 'latin1');
          const used = Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024;
          const words = ['--pid', String(target.pid), `--${option}=${used + bytes}:`];
          assert.equal(spawnSync('prlimit', words).status, 0);
        };
        // With less, it may end by itself: its own requests allocate.
        leave(24 << 20);
        const kind = option === 'as' ? 'address space' : 'data segment';
        await assertRefused(target, new RegExp(`MB of ${kind} left`));
        await assertReadFromOutside(target, new RegExp(`MB of ${kind} left`));
        leave(320 << 20);
        await assertCaptured(t, target);
      });
    }
  }
});

describe('a target ends when its inspector opens', () => {
  for (const verb of ['capture', 'heap']) {
    test(verb, async (t) => {
      const flags = [
        '--inspect-port=0',
        ...preloaded(
          `import { url } from 'node:inspector'; setInterval(() => url() && process.kill(process.pid, 'SIGKILL'), 1)`,
        ),
      ];
      const target = await startPlainTarget(t, { flags });
      // Earlier than the timeout for an inspector.
      const { code, stderr } = await runCommand([verb, String(target.pid)], { withinMs: 12_000 });
      assert.match(stderr, /^afterimage: process \d+ ended during [^\n]+\n$/);
      assert.equal(code, gone);
    });
  }
});
