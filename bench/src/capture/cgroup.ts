/**
 * A control group for one server, with its own memory limit and its own accounts of memory and CPU: cgroup v1
 * (one directory a controller) or v2 (one directory for all), where this user may make one.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Bytes. `anonymous` is what processes allocated; `workingSet` adds the page cache in active use. */
export interface MemoryReading {
  usage: number;
  workingSet: number;
  anonymous: number;
}

export interface Cgroup {
  version: 1 | 2;
  directory: string;
  /** Write a pid into each of these files to move the process in. */
  memberFiles: string[];
  memory(): MemoryReading;
  /** CPU time of all its processes so far, those that ended included. */
  cpuSeconds(): number;
  /** `Infinity` lifts the limit. */
  limit(bytes: number): void;
  /** Waits, bounded, until its last process has gone. */
  remove(): Promise<void>;
}

/** Why there is none. The message is for people. */
export class CgroupUnavailable extends Error {}

const ROOT = '/sys/fs/cgroup';
const REMOVE_ATTEMPTS = 50;
const REMOVE_PAUSE_MS = 100;

/** @throws {CgroupUnavailable} when this user cannot make one here. */
export function createCgroup(name: string): Cgroup {
  if (existsSync(join(ROOT, 'memory/memory.limit_in_bytes'))) return createV1(name);
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return createV2(name);
  throw new CgroupUnavailable('no cgroup filesystem at /sys/fs/cgroup');
}

function createV1(name: string): Cgroup {
  const directory = make(join(ROOT, 'memory', name));
  const accounting = make(join(ROOT, 'cpuacct', name));
  return {
    version: 1,
    directory,
    memberFiles: [join(directory, 'cgroup.procs'), join(accounting, 'cgroup.procs')],
    memory: () => {
      const stat = readStat(join(directory, 'memory.stat'));
      const usage = readNumber(join(directory, 'memory.usage_in_bytes'));
      return reading(usage, stat.get('total_inactive_file') ?? 0, stat.get('total_rss') ?? 0);
    },
    cpuSeconds: () => readNumber(join(accounting, 'cpuacct.usage')) / 1e9,
    limit: (bytes) =>
      writeFileSync(join(directory, 'memory.limit_in_bytes'), bytes === Infinity ? '-1' : String(bytes)),
    remove: async () => {
      await removeWhenEmpty(directory);
      await removeWhenEmpty(accounting);
    },
  };
}

function createV2(name: string): Cgroup {
  const parent = delegatedParent();
  const directory = make(join(parent, name));
  if (!existsSync(join(directory, 'memory.max'))) {
    rmdirSync(directory);
    throw new CgroupUnavailable(`the memory controller is not delegated to ${parent}`);
  }
  return {
    version: 2,
    directory,
    memberFiles: [join(directory, 'cgroup.procs')],
    memory: () => {
      const stat = readStat(join(directory, 'memory.stat'));
      const usage = readNumber(join(directory, 'memory.current'));
      return reading(usage, stat.get('inactive_file') ?? 0, stat.get('anon') ?? 0);
    },
    cpuSeconds: () => (readStat(join(directory, 'cpu.stat')).get('usage_usec') ?? 0) / 1e6,
    limit: (bytes) =>
      writeFileSync(join(directory, 'memory.max'), bytes === Infinity ? 'max' : String(bytes)),
    remove: () => removeWhenEmpty(directory),
  };
}

/** The root where we are root in it; else the group above our own, where a service manager has delegated it. */
function delegatedParent(): string {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  for (const parent of [ROOT, join(ROOT, own, '..')]) {
    if (!parent.startsWith(ROOT) || !writable(join(parent, 'cgroup.procs'))) continue;
    try {
      writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
    } catch {
      // Perhaps it is enabled already: the files in the new group will tell.
    }
    return parent;
  }
  throw new CgroupUnavailable('no control group here is ours to divide');
}

function writable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function make(directory: string): string {
  try {
    mkdirSync(directory);
    return directory;
  } catch (error) {
    throw new CgroupUnavailable(
      `cannot make ${directory}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
}

async function removeWhenEmpty(directory: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (attempt === REMOVE_ATTEMPTS) throw error;
      await delay(REMOVE_PAUSE_MS);
    }
  }
}

function reading(usage: number, inactiveFile: number, anonymous: number): MemoryReading {
  return { usage, workingSet: Math.max(0, usage - inactiveFile), anonymous };
}

function readNumber(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}

function readStat(file: string): Map<string, number> {
  const stat = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name, value] = line.split(' ');
    if (name !== undefined && value !== undefined) stat.set(name, Number(value));
  }
  return stat;
}
