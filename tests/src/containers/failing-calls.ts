/**
 * Captures of a container during which one system call of the kit in it fails: the server lives and answers, nothing is
 * left in the container, and the command either succeeds or says on one line why not.
 *
 * The container is a PID and a mount namespace, and the docker that enters it a script that runs the kit under strace:
 * what the command, the kit and the server do is the same as in one that runc makes.
 */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { assertServes } from '../attach/often.js';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import type { NodeBinary } from '../nodes.js';
import { childrenOf } from '../process-census.js';
import { debianProgram } from '../targets/debian-program.js';
import {
  assertAsBefore,
  heldBy,
  startPlainTarget,
  type Held,
  type PlainTarget,
} from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

export interface FailingKitCall {
  /** By strace's name. */
  call: string;
  error: string;
  /** strace's `when=`: which of a thread's calls fails, from 1; `20+` is that one and all after it. */
  when: string;
  /** What the command says; by default the capture need not fail. */
  says?: RegExp;
}

export interface KitScene {
  node: NodeBinary;
  /** By its process ID outside. */
  target: PlainTarget;
  before: Held;
  directory: string;
}

export function nameOf({ call, error, when }: FailingKitCall): string {
  return `${call} fails with ${error} in the kit, at call ${when}`;
}

export async function kitScene(t: TestContext, node: NodeBinary): Promise<KitScene> {
  const prefix = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
  const outer = await startPlainTarget(t, { node: node.path, prefix });
  const [pid = 0] = Object.keys(childrenOf(outer.pid)).map(Number);
  const target = { ...outer, pid };
  return { node, target, before: heldBy(pid), directory: await temporaryDirectory(t) };
}

/** @returns the command's exit code and last line */
export async function assertSurvived(
  { node, target, before, directory }: KitScene,
  failing: FailingKitCall,
): Promise<string> {
  writeFileSync(join(directory, 'docker'), enteringScript(node, target.pid, failing, directory));
  chmodSync(join(directory, 'docker'), 0o755);
  const output = join(directory, 'app.image.zst');
  const { code, stderr } = await runCommand(
    ['capture', 'docker/shop', '--image', output, '--store-plain-image', '--force'],
    { env: { ...process.env, PATH: `${directory}:${process.env['PATH'] ?? ''}`, AFTERIMAGE_PROGRESS: '0' } },
  );
  const lines = stderr
    .split('\n')
    .filter((line) => line !== '' && !/stored in clear|trying again|^afterimage: process 1: /.test(line));
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0] ?? '', /^afterimage: /);
  assert.doesNotMatch(stderr, /unexpected|\bat .*:\d+:\d+/, 'an error that is not explained');
  if (code !== 0) assert.doesNotMatch(stderr, /wrote the/);
  if (failing.says !== undefined) assert.match(stderr, failing.says);
  assert.deepEqual(
    [target.child.exitCode, target.child.signalCode],
    [null, null],
    `the server ended; ${stderr}`,
  );
  await assertServes(target);
  await assertAsBefore(target, before);
  await eventually(() => assert.deepEqual(processesIn(target.pid), ['1'], `a process is left; ${stderr}`));
  return `${String(code)}: ${lines[0] ?? ''}`;
}

/** The first kit that is started has the failing call; another one, which cleans up or tries again, has not. */
function enteringScript(
  node: NodeBinary,
  pid: number,
  { call, error, when }: FailingKitCall,
  directory: string,
): string {
  const strace = `${debianProgram('strace')} -f --seccomp-bpf -qq -o /dev/null -e trace=${call} -e inject=${call}:error=${error}:when=${when} --`;
  const entered = join(directory, 'entered');
  return `#!/bin/sh
while [ "$1" != -- ]; do shift; done; shift 2
[ $(cat '${entered}' 2>/dev/null || echo 0) = ${call}${error}${when} ] || tracing='${strace}'
echo ${call}${error}${when} > '${entered}'
PATH='${dirname(node.path)}':"$PATH" exec nsenter --target ${pid} --pid --mount -- $tracing "$@"
`;
}

/** As the container counts them. */
function processesIn(pid: number): string[] {
  return readdirSync(`/proc/${pid}/root/proc`).filter((name) => /^\d+$/.test(name));
}
