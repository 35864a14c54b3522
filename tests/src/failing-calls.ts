/**
 * Captures during which one system call fails, in the target or in the command: the target lives and answers,
 * its inspector is closed, nothing is left behind, and the command either succeeds or says why not in one
 * line.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { assertServes } from './attach/often.js';
import { runCommand } from './command.js';
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
  /** Which of the calls fails, from 1. */
  at: number;
}

/**
 * Threads are cloned by clone3, processes by clone. The first clone3 of a target is Node's own for its inspector, which
 * aborts without it: whether there is room for it is read beforehand.
 */
export const representativeCalls: readonly FailingCall[] = [
  { where: 'target', call: 'clone', error: 'EAGAIN', at: 1 },
  { where: 'target', call: 'clone3', error: 'EAGAIN', at: 2 },
  { where: 'target', call: 'socket', error: 'EMFILE', at: 2 },
  { where: 'target', call: 'connect', error: 'ECONNREFUSED', at: 1 },
  { where: 'target', call: 'connect', error: 'ECONNREFUSED', at: 2 },
  { where: 'command', call: 'kill', error: 'EPERM', at: 1 },
  { where: 'command', call: 'socket', error: 'EMFILE', at: 2 },
  { where: 'command', call: 'connect', error: 'ECONNREFUSED', at: 2 },
];

/**
 * Each call at each of its first occasions. Omitted are madvise, mmap and mprotect: V8 aborts by itself if
 * one of them fails (OS::SetPermissions in its platform-posix.cc). So does libuv if it cannot write to its
 * own eventfd (uv__async_send): the first writes are those, later ones are the image child's.
 */
export const allCalls: readonly FailingCall[] = [
  ...sweep('target', 'clone', 'EAGAIN', 1, 1),
  ...sweep('target', 'clone3', 'EAGAIN', 2, 3),
  ...sweep('target', 'socket', 'EMFILE', 1, 4),
  ...sweep('target', 'connect', 'ECONNREFUSED', 1, 3),
  ...sweep('target', 'accept4', 'EMFILE', 1, 3),
  ...sweep('target', 'openat', 'EMFILE', 1, 12),
  ...sweep('target', 'prctl', 'EPERM', 1, 3),
  ...sweep('target', 'write', 'EPIPE', 40, 43),
  ...sweep('command', 'pipe2', 'EMFILE', 2, 6),
  ...sweep('command', 'clone', 'EAGAIN', 1, 1),
  ...sweep('command', 'kill', 'EPERM', 1, 2),
  ...sweep('command', 'socket', 'EMFILE', 1, 8),
  ...sweep('command', 'connect', 'ECONNREFUSED', 1, 4),
  ...sweep('command', 'bind', 'EADDRINUSE', 1, 4),
  ...sweep('command', 'mkdir', 'EACCES', 1, 3),
  ...sweep('command', 'unlink', 'EACCES', 1, 3),
];

function sweep(
  where: FailingCall['where'],
  call: string,
  error: string,
  first: number,
  last: number,
): FailingCall[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({ where, call, error, at: first + index }));
}

/** strace makes it slow. */
const withinMs = 300_000;

export function nameOf({ where, call, error, at }: FailingCall): string {
  return `${call} fails with ${error} in the ${where}, at call ${at}`;
}

export async function assertSurvived(t: TestContext, node: NodeBinary, failing: FailingCall): Promise<void> {
  const target = await startPlainTarget(t, { node: node.path });
  const before = heldBy(target.pid);
  const directory = await temporaryDirectory(t);
  const output = join(directory, 'app.image.zst');
  const { call, error, at } = failing;
  const options = [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:error=${error}:when=${at}`,
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
  const { code, stderr } = await runCommand(
    ['capture', String(target.pid), '--image', output, '--store-plain-image'],
    { withinMs, ...(inCommand ? { prefix: [strace, '--seccomp-bpf', ...options, '--'] } : {}) },
  );
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
  t.diagnostic(`${String(code)}: ${lines[0] ?? ''}`);
}
