/**
 * A container without runc, for tests that need only what the kit sees of one: a PID and a mount namespace
 * around a plain target, and a script called `docker` that enters them.
 */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { assertServes } from '../attach/often.js';
import { runCommand, type CommandEnd } from '../command.js';
import { eventually } from '../eventually.js';
import type { NodeBinary } from '../nodes.js';
import { childrenOf } from '../process-census.js';
import {
  assertAsBefore,
  heldBy,
  startPlainTarget,
  type Held,
  type PlainTarget,
} from '../targets/plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

export interface ContainerScene {
  node: NodeBinary;
  /** Its process ID is that of outside; inside it is 1. */
  target: PlainTarget;
  before: Held;
  /** It has the `docker`. */
  directory: string;
}

export async function containerScene(t: TestContext, node: NodeBinary): Promise<ContainerScene> {
  const prefix = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
  const outer = await startPlainTarget(t, { node: node.path, prefix });
  const [pid = 0] = Object.keys(childrenOf(outer.pid)).map(Number);
  return {
    node,
    target: { ...outer, pid },
    before: heldBy(pid),
    directory: await temporaryDirectory(t),
  };
}

/**
 * Runs `afterimage` where `docker` enters the container.
 * @param tracing a shell command to start the first program with that is run in it; the next ones run without it
 */
export async function commandInScene(
  { node, target, directory }: ContainerScene,
  args: string[],
  { tracing = '', withinMs = 120_000 } = {},
): Promise<CommandEnd> {
  const script = join(directory, 'docker');
  const first = join(directory, 'first');
  writeFileSync(first, tracing);
  writeFileSync(
    script,
    `#!/bin/sh
while [ "$1" != -- ]; do shift; done; shift 2
tracing=$(cat '${first}' 2>/dev/null); rm -f '${first}'
PATH='${dirname(node.path)}':"$PATH" exec nsenter --target ${target.pid} --pid --mount -- $tracing "$@"
`,
  );
  chmodSync(script, 0o755);
  const env = {
    ...process.env,
    PATH: `${directory}:${process.env['PATH'] ?? ''}`,
    COLUMNS: '80',
    AFTERIMAGE_PROGRESS: '0',
  };
  return runCommand(args, { env, withinMs });
}

/** The server lives and answers; nothing of a kit is left in it, as its child, or in its /tmp. */
export async function assertNothingLeftIn({ target, before }: ContainerScene): Promise<void> {
  assert.deepEqual([target.child.exitCode, target.child.signalCode], [null, null], 'the server ended');
  await assertServes(target);
  await assertAsBefore(target, before);
  await eventually(() => assert.deepEqual(processesIn(target.pid), ['1'], 'a process is left'));
}

/** By their process IDs there. */
function processesIn(pid: number): string[] {
  return readdirSync(`/proc/${pid}/root/proc`).filter((name) => /^\d+$/.test(name));
}
