/** Captured containers of this machine's own tools, and what a capture must not leave in one. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { ToolContainer } from '../cluster/index.js';
import { listeningPorts } from '../cluster/pod-network.js';
import { eventually } from '../eventually.js';
import { commandIn } from './planted-pod.js';

/**
 * Captures it by the name `target`, and sees to it that nothing is left there.
 * @param args more of the command line
 * @returns what the command said to people
 */
export async function captureContainer(
  container: ToolContainer,
  target: string,
  cwd: string,
  args: string[],
): Promise<string> {
  const { code, stderr } = await commandIn(container, ['capture', target, ...args], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /; container \S+ was paused for /);
  await assertNothingLeftIn(container);
  return stderr;
}

/** Waits until it has no file, no port and no process more than its server has. */
export async function assertNothingLeftIn({ hostPid }: ToolContainer): Promise<void> {
  await eventually(() => {
    assert.deepEqual(readdirSync(`/proc/${hostPid}/root/tmp`), [], 'a file is left');
    assert.deepEqual(listeningPorts(hostPid), [8080], 'a port is left open');
    assert.deepEqual(startedIn(hostPid), [], 'a process is left');
  });
}

/** The command lines of what a capture has started there and has not ended. */
function startedIn(hostPid: number): string[] {
  const proc = `/proc/${hostPid}/root/proc`;
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLineOf(`${proc}/${pid}/cmdline`))
    .filter((line) => line.includes('afterimage'));
}

/** Empty when it has ended meanwhile. */
function commandLineOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
