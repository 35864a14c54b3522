/**
 * Captures during which one system call fails, in the target or in the command: the target lives and answers,
 * its inspector is closed, nothing is left behind, and the command either succeeds or says why not in one
 * line.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { assertServes } from './attach/often.js';
import { runCommand, type CommandEnd } from './command.js';
import { debianProgram } from './targets/debian-program.js';
import { eventually } from './eventually.js';
import type { NodeBinary } from './nodes.js';
import { assertAsBefore, heldBy, startPlainTarget } from './targets/plain-target.js';
import { temporaryDirectory } from './temporary-directory.js';

export interface FailingCall {
  where: 'target' | 'command';
  /** By strace's names. */
  call: string;
  error: string;
  /** strace's `when=`: which of a thread's calls fails, from 1; `20+` is that one and all after it. */
  when: string;
  /** By default the image is only stored, which is faster. */
  isDeveloped?: boolean;
}

/** One of each kind. */
export const representativeCalls: readonly FailingCall[] = [
  { where: 'target', call: 'clone', error: 'EAGAIN', when: '1' },
  { where: 'command', call: 'openat', error: 'EMFILE', when: '60+' },
  { where: 'command', call: 'accept4', error: 'EMFILE', when: '1' },
  { where: 'command', call: 'getdents64', error: 'ENOMEM', when: '1+' },
];

/**
 * Each call at each of its first occasions. Omitted are madvise, mmap and mprotect in the target: V8 aborts by itself if
 * one of them fails (OS::SetPermissions in its platform-posix.cc). Threads are cloned by clone3, processes by clone. The
 * first clone3 of a target is Node's own for its inspector, which aborts without it: whether there is room for it is read
 * beforehand. libuv aborts if it cannot write to its own eventfd (uv__async_send), or start its workers: of the writes,
 * only those are tried that the image child alone gets to.
 */
export const allCalls: readonly FailingCall[] = [
  ...sweep('target', 'clone', 'EAGAIN', 1, 1),
  ...sweep('target', 'clone3', 'EAGAIN', 2, 3),
  ...sweep('target', 'socket', 'EMFILE', 1, 4),
  ...sweep('target', 'connect', 'ECONNREFUSED', 1, 3),
  ...sweep('target', 'accept4', 'EMFILE', 1, 3),
  ...sweep('target', 'openat', 'EMFILE', 1, 12),
  ...sweep('target', 'prctl', 'EPERM', 1, 3),
  ...each('target', 'write', 'EPIPE', ['200', '1000']),
  // Those of the command's own start come first.
  ...each('command', 'pipe2', 'EMFILE', ['4', '5'], true),
  ...each('command', 'clone', 'EAGAIN', ['1', '2'], true),
  ...each('command', 'clone', 'ENOMEM', ['1', '2'], true),
  ...each('command', 'socketpair', 'EMFILE', ['1', '3', '4', '5'], true),
  ...each('command', 'openat', 'EMFILE', ['60', '100', '60+', '150+']),
  ...each('command', 'openat', 'EMFILE', ['100'], true),
  ...each('command', 'statx', 'ENOMEM', ['1000', '1450', '200+']),
  ...each('command', 'readlink', 'EACCES', ['8', '12']),
  ...each('command', 'readlink', 'ENOMEM', ['8', '12']),
  ...each('command', 'getdents64', 'ENOMEM', ['1', '2', '1+']),
  ...each('command', 'pread64', 'EIO', ['30', '200']),
  ...each('command', 'mmap', 'ENOMEM', ['100', '140']),
  ...each('command', 'mmap', 'ENOMEM', ['160', '300', '400'], true),
  ...sweep('command', 'kill', 'EPERM', 1, 1),
  ...sweep('command', 'kill', 'ESRCH', 1, 1),
  ...sweep('command', 'socket', 'EMFILE', 1, 8),
  ...sweep('command', 'connect', 'ECONNREFUSED', 1, 4),
  ...sweep('command', 'bind', 'EADDRINUSE', 1, 4),
  ...sweep('command', 'listen', 'EADDRINUSE', 1, 4),
  ...sweep('command', 'accept4', 'EMFILE', 1, 2),
  ...each('command', 'shutdown', 'ENOTCONN', ['1+']),
  ...each('command', 'writev', 'EPIPE', ['1', '3', '5', '7']),
  ...sweep('command', 'mkdir', 'EACCES', 1, 3),
  ...sweep('command', 'unlink', 'EACCES', 1, 3),
  ...each('command', 'statfs', 'ENOSYS', ['1'], true),
  ...each('command', 'fsync', 'EIO', ['1'], true),
  ...each('command', 'fsync', 'ENOSPC', ['1']),
  ...each('command', 'rename', 'ENOSPC', ['1'], true),
  ...each('command', 'rename', 'EACCES', ['1']),
  ...each('command', 'wait4', 'ECHILD', ['1'], true),
  ...each('command', 'prctl', 'EPERM', ['1'], true),
  ...each('command', 'seccomp', 'EINVAL', ['1'], true),
  ...each('command', 'setsid', 'EPERM', ['1']),
];

function each(
  where: FailingCall['where'],
  call: string,
  error: string,
  occasions: string[],
  isDeveloped = false,
): FailingCall[] {
  return occasions.map((when) => ({ where, call, error, when, isDeveloped }));
}

function sweep(
  where: FailingCall['where'],
  call: string,
  error: string,
  first: number,
  last: number,
): FailingCall[] {
  const occasions = Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  return each(where, call, error, occasions);
}

/** strace makes it slow. */
const withinMs = 300_000;

export function nameOf({ where, call, error, when }: FailingCall): string {
  return `${call} fails with ${error} in the ${where}, at call ${when}`;
}

export async function assertSurvived(t: TestContext, node: NodeBinary, failing: FailingCall): Promise<void> {
  const target = await startPlainTarget(t, { node: node.path });
  const before = heldBy(target.pid);
  const directory = await temporaryDirectory(t);
  const { call, error, when, isDeveloped = false } = failing;
  const args = isDeveloped
    ? ['-o', join(directory, 'app.heapsnapshot')]
    : ['--image', join(directory, 'app.image.zst'), '--store-plain-image'];
  const capture = (prefix: string[]): Promise<CommandEnd> =>
    runCommand(['capture', String(target.pid), ...args], { withinMs, prefix });
  const options = [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:error=${error}:when=${when}`,
  ];
  const strace = debianProgram('strace');
  const inCommand = failing.where === 'command';
  const tracing = inCommand
    ? null
    : spawn(strace, [...options, '-p', String(target.pid)], { stdio: 'ignore' });
  // With its target, strace ends by itself.
  const traced = tracing === null ? null : once(tracing, 'exit');
  if (tracing !== null) {
    t.after(() => tracing.kill('SIGKILL'));
    await eventually(() => {
      assert.match(readFileSync(`/proc/${target.pid}/status`, 'latin1'), /^TracerPid:\t[1-9]/m);
    });
  }
  const { code, stderr } = await capture(inCommand ? [strace, '--seccomp-bpf', ...options, '--'] : []);
  tracing?.kill('SIGINT');
  await traced;
  assert.notEqual(code, null, `it did not end in time: ${stderr}`);
  const lines = stderr
    .split('\n')
    .filter((line) => line !== '' && !/stored in clear|trying again/.test(line));
  assert.equal(lines.length, 1, stderr);
  // eslint-disable-next-line no-control-regex -- a terminal would obey them
  assert.match(lines[0] ?? '', /^afterimage: [^\u0000-\u001f]+$/);
  assert.doesNotMatch(stderr, /unexpected/, 'an error that is not explained');
  if (code !== 0) assert.doesNotMatch(stderr, /wrote the/);
  assert.deepEqual(
    [target.child.exitCode, target.child.signalCode],
    [null, null],
    `the target ended; ${stderr}`,
  );
  await assertServes(target);
  await assertAsBefore(target, before);
  assert.equal(
    readdirSync(directory).length,
    code === 0 ? 1 : 0,
    `files: ${readdirSync(directory).join(', ')}`,
  );
  if (code !== 0) {
    const next = await capture([]);
    assert.equal(next.code, 0, `after ${stderr}: ${next.stderr}`);
    await assertAsBefore(target, before);
  }
  t.diagnostic(`${String(code)}: ${lines[0] ?? ''}`);
}
