/** Starts an unprepared server, and checks what a capture has left in it and around it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { afterTest } from './agent-target.js';
import { eventually } from '../eventually.js';
import { getJson } from './http-load.js';
import { census, type Census } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

export interface PlainSettings {
  /** The Node binary; the one that runs the tests by default. */
  node?: string;
  /** By default it is CommonJS. */
  isModule?: boolean;
  flags?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** A program and its arguments to start it with; it has to become the target by exec. */
  prefix?: string[];
}

export interface PlainTarget {
  pid: number;
  port: number;
  child: ChildProcess;
  /** What it has written to its standard error so far. */
  stderr(): string;
  /** Runs code on its main thread; resolves to its result. */
  run(code: string): Promise<unknown>;
  ended: Promise<unknown>;
}

/** Whichever is free: targets of several tests run at the same time. */
export const anyPort = '--inspect-port=0';

/** Killed at the end of the test, if it still runs. */
export async function startPlainTarget(t: TestContext, settings: PlainSettings = {}): Promise<PlainTarget> {
  const { node = process.execPath, isModule = false, flags = [anyPort], env, cwd, prefix = [] } = settings;
  const script = isModule ? '../fixtures/plain-target-module.js' : '../fixtures/plain-target.cjs';
  const program = fileURLToPath(new URL(script, import.meta.url));
  const words = [...prefix, node, ...flags, program];
  const [first = node, ...rest] = words;
  const child = spawn(first, rest, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'pipe',
  });
  const ended = once(child, 'exit');
  afterTest(t, async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const early = ended.then(([code, signal]) => {
    throw new Error(`the target ended with ${String(code ?? signal)}: ${errors}`);
  });
  early.catch(() => undefined);
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([once(lines, 'line'), early])) as string[];
  const { port } = JSON.parse(line ?? '') as { port: number };
  return {
    pid: child.pid ?? 0,
    port,
    child,
    stderr: () => errors,
    run: (code) => getJson(port, `/run?code=${encodeURIComponent(code)}`),
    ended,
  };
}

/** As `--import`ed before the target's own code. */
export function preloaded(code: string): string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

/** A prefix that gives a target its own view of the file system, changed by these shell commands. */
export function inMountNamespace(...commands: string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', [...commands, 'exec "$@"'].join(' && '), 'sh'];
}

const project = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const installed = `${project}/packages/image/prebuilds`;

/** Nothing can be executed from `place` any more; but what runs there is this project's, should that lie in it. */
export function noexecAt(place: string): string {
  const cover = `mount -t tmpfs -o noexec x ${place}`;
  if (!project.startsWith(`${place}/`)) return cover;
  const [aside, back] = [
    `mount --rbind ${project} /mnt`,
    `mkdir -p ${project} && mount --move /mnt ${project}`,
  ];
  return [aside, cover, back].join(' && ');
}

/** The installed addons are out of its sight then. */
export const hideInstalled = `mount -t tmpfs hidden ${installed}`;

export const needsRoot = process.getuid?.() !== 0 && 'needs root';

/** Tests that act as another user need root, and a checkout that other users can read: not one in a private directory. */
export const needsOtherUsers = needsRoot || (isPrivate(project) && `other users cannot read ${project}`);

function isPrivate(directory: string): boolean {
  const isShut = (statSync(directory).mode & 0o005) !== 0o005;
  return isShut || (directory !== '/' && isPrivate(dirname(directory)));
}

export interface Held extends Pick<Census, 'descriptors' | 'children'> {
  ports: number[];
}

/** What a capture must leave as it was. */
export function heldBy(pid: number): Held {
  const { descriptors, children } = census(pid);
  return { descriptors, children, ports: listeningPorts(pid) };
}

/** Nothing of a capture is left: in the target, as its child, or in its `/tmp`. */
export async function assertAsBefore(
  { pid }: PlainTarget,
  before: Held,
  withinMs = PATIENCE_MS,
): Promise<void> {
  await eventually(() => {
    const held = heldBy(pid);
    // A connection of the test's own, which was kept alive, may have ended since.
    const [now = 0, then = 0] = [held, before].map(({ descriptors }) => descriptors['socket:[]'] ?? 0);
    const descriptors = { ...before.descriptors, 'socket:[]': Math.min(now, then) };
    assert.deepEqual(held, { ...before, descriptors });
    assert.deepEqual(watchdogsOf(pid), []);
    assert.deepEqual(addonCopies(pid), []);
  }, withinMs);
}

/**
 * Resolves when the target says that its inspector opens. A capture has it open for less than a tenth of a second: on a busy
 * machine, who looks for its port may miss it.
 */
export async function inspectorOpens(target: PlainTarget): Promise<void> {
  const openings = (): number => target.stderr().split('Debugger listening on ').length;
  const before = openings();
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (openings() === before) await once(target.child.stderr as Readable, 'data', { signal });
}

/** TCP ports that a process listens on, those of an inspector among them. */
export function listeningPorts(pid: number): number[] {
  const own = new Set<string | undefined>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      own.add(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]);
    } catch {
      // It was closed meanwhile.
    }
  }
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n'),
  );
  return rows.flatMap((row) => {
    const [, address = '', , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === '0A' && own.has(inode ?? '') ? [parseInt(address.split(':')[1] ?? '', 16)] : [];
  });
}

/** Processes that stand by a capture of this one. */
export function watchdogsOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return words[1]?.endsWith('watchdog.js') === true && words[2] === String(pid);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export function addonCopies(pid: number): string[] {
  return readdirSync(`/proc/${pid}/root/tmp`).filter((name) => /^afterimage-[0-9a-f]{16}$/.test(name));
}
