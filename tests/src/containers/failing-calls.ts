/**
 * Captures of a container during which one system call of the kit in it fails: the server lives and answers,
 * nothing is left in the container, and the command either succeeds or says why not in one line.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { debianProgram } from '../targets/debian-program.js';
import { assertNothingLeftIn, commandInScene, type ContainerScene } from './namespace-container.js';

export interface FailingKitCall {
  /** By strace's name. */
  call: string;
  error: string;
  /** strace's `when=`: which of a thread's calls fails, from 1; `20+` is that one and all after it. */
  when: string;
  /** What the command says; by default the capture need not fail. */
  says?: RegExp;
}

/** strace makes it slow. */
const withinMs = 300_000;

export function nameOf({ call, error, when }: FailingKitCall): string {
  return `${call} fails with ${error} in the kit, at call ${when}`;
}

/**
 * The first kit that is started has the failing call; another one, which cleans up or tries again, has not.
 * @returns the command's exit code and last line
 */
export async function assertSurvived(
  scene: ContainerScene,
  { call, error, when, says }: FailingKitCall,
): Promise<string> {
  const output = join(scene.directory, 'app.image.zst');
  const inject = `-e trace=${call} -e inject=${call}:error=${error}:when=${when}`;
  const tracing = `${debianProgram('strace')} -f --seccomp-bpf -qq -o /dev/null ${inject} --`;
  const args = ['capture', 'docker/shop', '--image', output, '--store-plain-image', '--force'];
  const { code, stderr } = await commandInScene(scene, args, { tracing, withinMs });
  assert.notEqual(code, null, `it did not end in time: ${stderr}`);
  const lines = stderr
    .split('\n')
    .filter((line) => line !== '' && !/stored in clear|trying again|^afterimage: process 1: /.test(line));
  assert.equal(lines.length, 1, stderr);
  // eslint-disable-next-line no-control-regex -- a terminal would obey them
  assert.match(lines[0] ?? '', /^afterimage: [^\u0000-\u001f]+$/);
  assert.doesNotMatch(stderr, /unexpected|\bat .*:\d+:\d+/, 'an error that is not explained');
  if (code !== 0) assert.doesNotMatch(stderr, /wrote the/);
  if (says !== undefined) assert.match(stderr, says);
  await assertNothingLeftIn(scene);
  return `${String(code)}: ${lines[0] ?? ''}`;
}
