/** Starts the small server that the agent's own tests capture, and finds the processes of a capture in it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AgentOptions } from '@afterimage/agent';
import { readAgentLines, type AgentLines } from './agent-lines.js';
import { eventually } from '../eventually.js';
import { cgroupVersion, limitMemory, makeMemoryCgroup } from '../memory-cgroup.js';
import { childrenOf } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

export interface TargetSettings {
  /** The Node binary; the one that runs the tests by default. */
  node?: string;
  flags?: string[];
  env?: Record<string, string>;
  /** For install() in the target's own code. */
  options?: AgentOptions;
  /** Another program, which prints its port in the same way. */
  program?: string;
}

export interface Target {
  pid: number;
  child: ChildProcess;
  lines: AgentLines;
  /** The body of an answer, parsed. */
  get: (path: string) => Promise<unknown>;
  /** Resolves to what the process ended with. */
  ended: Promise<{ code: number | null; signal: string | null }>;
}

export const testsDirectory = fileURLToPath(new URL('../..', import.meta.url));
const ownProgram = fileURLToPath(new URL('../fixtures/agent-target.js', import.meta.url));

/** Killed at the end of the test, if it still runs. */
export async function startTarget(
  t: TestContext,
  { node, flags = [], env, options, program = ownProgram }: TargetSettings,
): Promise<Target> {
  const child = spawn(node ?? process.execPath, [...flags, program], {
    cwd: testsDirectory, // from where the agent's name resolves
    env: {
      PATH: process.env['PATH'],
      ...env,
      ...(options === undefined ? {} : { TARGET_OPTIONS: JSON.stringify(options) }),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    return { code: code as number | null, signal: signal as string | null };
  });
  afterTest(t, async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = readAgentLines(child.stderr);
  const early = ended.then(({ code, signal }) => {
    throw new Error(`the target ended with ${String(code ?? signal)}: ${lines.otherOutput.join('\n')}`);
  });
  early.catch(() => undefined);
  const first = once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(30_000) });
  const [line] = (await Promise.race([first, early])) as string[];
  const { port } = JSON.parse(line ?? '') as { port: number };
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(60_000) });
    return response.json();
  };
  return { pid: child.pid ?? 0, child, lines, get, ended };
}

const cleanUps = new WeakMap<TestContext, (() => unknown)[]>();

/** Like `t.after`, but the last one first: what was made on top of another thing goes before it. */
export function afterTest(t: TestContext, cleanUp: () => unknown): void {
  const stack = cleanUps.get(t);
  if (stack !== undefined) {
    stack.push(cleanUp);
    return;
  }
  const made = [cleanUp];
  cleanUps.set(t, made);
  t.after(async () => {
    for (let next = made.pop(); next !== undefined; next = made.pop()) await next();
  });
}

/**
 * A memory cgroup with this limit. A process that is moved into it must have ended before the test has.
 * Null, and the test skipped, where none can be made.
 */
export function memoryCgroup(t: TestContext, bytes: number): string | null {
  let path: string;
  try {
    path = makeMemoryCgroup(`agent-test-${process.pid}-${performance.now().toFixed(0)}`);
    limitMemory(path, bytes);
    // As in Kubernetes: then no process of it is killed alone.
    if (cgroupVersion === 2) writeFileSync(join(path, 'memory.oom.group'), '1');
  } catch (error) {
    t.skip(`cannot create a memory cgroup here: ${String(error)}`);
    return null;
  }
  afterTest(t, () => eventually(() => rmdirSync(path)));
  return path;
}

/** An empty directory, gone after the test. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'agent-test-'));
  afterTest(t, () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export type Part = 'collector' | 'child' | 'darkroom';

/** The pid of a part of the running capture, as soon as there is one. */
export async function partOf(target: Target, part: Part, withinMs = PATIENCE_MS): Promise<number> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = parts(target.pid)[part];
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`no ${part} within ${withinMs} ms`);
    await pause(2);
  }
}

function parts(pid: number): Partial<Record<Part, number>> {
  const found: Partial<Record<Part, number>> = {};
  for (const child of Object.keys(childrenOf(pid)).map(Number)) {
    // Between its fork and its exec the collector looks like the target, as the image child does.
    const command = commandLine(child);
    if (command[0] === 'afterimage-collector') {
      found.collector = child;
      const [darkroom] = Object.keys(childrenOf(child));
      if (darkroom !== undefined) found.darkroom = Number(darkroom);
    } else if (command.length > 0) found.child = child;
  }
  if (found.collector === undefined) delete found.child;
  return found;
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export function filesIn(directory: string): string[] {
  return readdirSync(directory).sort();
}
