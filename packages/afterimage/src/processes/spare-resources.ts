/**
 * What a target must have left before anything is sent to it. Node.js aborts if it cannot get a descriptor, a
 * thread or memory while it opens its inspector, so all of that is checked first, with a margin for the
 * server's own work.
 */
import { orElse } from '@afterimage/host/errors';
import { cgroupsOf } from '@afterimage/host/cgroups';
import { formatBytes } from '@afterimage/host/format';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readStatus, type ProcessStatus } from '@afterimage/host/process-status';
import { readResourceLimits, type ResourceLimits } from '@afterimage/host/resource-limits';

/** What the target has to do: fork an image child, or answer questions. */
export type Use = 'capture' | 'questions';

export interface Shortage {
  code: 'few-descriptors' | 'few-threads' | 'little-memory';
  /** What is short, the figures, and what to do. */
  message: string;
}

/**
 * Attaching takes 10 descriptors in Node.js 20 and 12 in Node.js 26, measured: the inspector's event loop,
 * port and two connections, the sockets of the rendezvous, the addon's file, /proc/self/maps. The rest is for
 * the server's own connections meanwhile.
 */
const MIN_FREE_DESCRIPTORS = 32;
/**
 * The inspector's thread, the addon's and the image child: 3, measured. In addition, libuv's four workers,
 * which Node.js starts on first use, for example for a file or a host name.
 */
const MIN_FREE_THREADS = 8;
/**
 * What the image child maps for its own tables (struct scratch in native/capture/image_writer.c of
 * @afterimage/image).
 */
const CHILD_TABLES = 96 << 20;
/** glibc reserves this much for the malloc arena of a new thread, then trims it to the aligned half. */
const THREAD_ARENA = 128 << 20;
/** Stack of each new thread, unless the limit requires a larger one. */
const THREAD_STACK = 8 << 20;
/** The inspector compiles and allocates on the main thread; V8 ends the process if its heap cannot grow. */
const HEAP_GROWTH = 64 << 20;
/** Mappings of two thread stacks, an arena, the addon, and V8's growing heap. */
const MIN_FREE_MAPPINGS = 256;

const CAP_SYS_ADMIN = 1n << 21n;
const CAP_SYS_RESOURCE = 1n << 24n;

/** Returns the first resource that is short; null if none is. Unreadable values don't count. */
export async function shortageOf(status: ProcessStatus, use: Use, root = '/'): Promise<Shortage | null> {
  const limits = await readResourceLimits(status.pid, join(root, 'proc'));
  return (
    (await descriptorShortage(status, limits, use, root)) ??
    (await threadShortage(status, limits, use, root)) ??
    memoryLimitShortage(status, limits, use) ??
    (await mappingShortage(status, use, root)) ??
    (use === 'capture' ? await commitShortage(status, root) : null)
  );
}

const taskOf: Record<Use, string> = { capture: 'a capture', questions: 'opening its inspector' };

async function descriptorShortage(
  { pid }: ProcessStatus,
  { descriptors: limit }: ResourceLimits,
  use: Use,
  root: string,
): Promise<Shortage | null> {
  const names = await readdir(join(root, `proc/${pid}/fd`)).catch(orElse([]));
  // The kernel assigns the lowest free number: descriptors above a limit that was lowered later don't count.
  const used = names.filter((name) => Number(name) < limit).length;
  if (limit - used >= MIN_FREE_DESCRIPTORS) return null;
  return {
    code: 'few-descriptors',
    message:
      `process ${pid} has ${countOf(limit - used, 'file descriptor')} left (${used} of ${limit} in use) and ${taskOf[use]} ` +
      `needs ${MIN_FREE_DESCRIPTORS}, or Node.js may abort: raise the limit (as root: prlimit --pid ${pid} ` +
      `--nofile=${limit * 2})`,
  };
}

interface ThreadLimit {
  used: number;
  limit: number;
  /** What sets it, and how to raise it. */
  of: string;
  remedy: string;
}

async function threadShortage(
  status: ProcessStatus,
  limits: ResourceLimits,
  use: Use,
  root: string,
): Promise<Shortage | null> {
  const found = [
    ...(await cgroupThreadLimits(status.pid, root)),
    ...(await machineThreadLimits(root)),
    ...(await userThreadLimit(status, limits, root)),
  ];
  const short = found.find(({ limit, used }) => limit - used < MIN_FREE_THREADS);
  if (short === undefined) return null;
  const { used, limit, of, remedy } = short;
  return {
    code: 'few-threads',
    message:
      `process ${status.pid} can start ${countOf(Math.max(0, limit - used), 'more thread')} (${of}: ${used} of ${limit}) and ` +
      `${taskOf[use]} needs ${MIN_FREE_THREADS}, or Node.js may abort: ${remedy}`,
  };
}

async function cgroupThreadLimits(pid: number, root: string): Promise<ThreadLimit[]> {
  const found: ThreadLimit[] = [];
  for (const { directory, path } of await cgroupsOf(pid, 'pids', root)) {
    const [limit, used] = await Promise.all(
      ['pids.max', 'pids.current'].map((name) => numberIn(join(directory, name))),
    );
    if (limit === null || used === null) continue;
    found.push({ used, limit, of: `pids.max of cgroup ${path}`, remedy: 'raise that' });
  }
  return found;
}

/** Limits that apply to root too. */
async function machineThreadLimits(root: string): Promise<ThreadLimit[]> {
  // 0.20 0.18 0.12 1/80 11206: running threads / all threads.
  const load = await readFile(join(root, 'proc/loadavg'), 'latin1').catch(orElse(''));
  const used = Number(/ \d+\/(\d+) /.exec(load)?.[1] ?? 0);
  const found: ThreadLimit[] = [];
  for (const name of ['threads-max', 'pid_max']) {
    const limit = await numberIn(join(root, 'proc/sys/kernel', name));
    if (limit !== null)
      found.push({ used, limit, of: `kernel.${name} of this machine`, remedy: 'raise that with sysctl' });
  }
  return found;
}

/** RLIMIT_NPROC counts all threads of the user and does not apply to root (copy_process in the kernel). */
async function userThreadLimit(
  { pid, realUid, capabilities }: ProcessStatus,
  { threads: limit }: ResourceLimits,
  root: string,
): Promise<ThreadLimit[]> {
  const isExempt = realUid === 0 || (capabilities & (CAP_SYS_ADMIN | CAP_SYS_RESOURCE)) !== 0n;
  if (limit === Infinity || isExempt) return [];
  const names = (await readdir(join(root, 'proc')).catch(orElse([]))).filter((name) => /^\d+$/.test(name));
  const statuses = await Promise.all(names.map((name) => readStatus(Number(name), join(root, 'proc'))));
  const used = statuses.reduce(
    (sum, each) => (each?.realUid === realUid && each.pid === each.threadGroup ? sum + each.threads : sum),
    0,
  );
  const remedy = `raise the limit (as root: prlimit --pid ${pid} --nproc=${limit * 2})`;
  return [{ used, limit, of: `threads of user id ${realUid}`, remedy }];
}

function memoryLimitShortage(
  { pid, virtualBytes, dataBytes }: ProcessStatus,
  { addressSpace, data, stack }: ResourceLimits,
  use: Use,
): Shortage | null {
  // A thread's stack is as large as the main thread's limit (uv_thread_create_ex in libuv).
  const stacks = 2 * (stack === Infinity ? THREAD_STACK : Math.max(stack, THREAD_STACK));
  const written = stacks + HEAP_GROWTH + (use === 'capture' ? CHILD_TABLES : 0);
  const kinds = [
    {
      name: 'address space',
      option: 'as',
      used: virtualBytes,
      limit: addressSpace,
      need: written + THREAD_ARENA,
    },
    { name: 'data segment', option: 'data', used: dataBytes, limit: data, need: written },
  ];
  const short = kinds.find(({ used, limit, need }) => limit - used < need);
  if (short === undefined) return null;
  const { name, option, used, limit, need } = short;
  return {
    code: 'little-memory',
    message:
      `process ${pid} has ${formatBytes(Math.max(0, limit - used))} of ${name} left (${formatBytes(used)} of ` +
      `${formatBytes(limit)} in use) and ${taskOf[use]} needs ${formatBytes(need)}, or Node.js may abort: raise the limit (as root: ` +
      `prlimit --pid ${pid} --${option}=${used + need * 2})`,
  };
}

async function mappingShortage({ pid }: ProcessStatus, use: Use, root: string): Promise<Shortage | null> {
  const limit = await numberIn(join(root, 'proc/sys/vm/max_map_count'));
  if (limit === null) return null;
  const maps = await readFile(join(root, `proc/${pid}/maps`), 'latin1').catch(orElse(''));
  const used = maps.split('\n').length - 1;
  if (limit - used >= MIN_FREE_MAPPINGS) return null;
  return {
    code: 'little-memory',
    message:
      `process ${pid} has ${countOf(Math.max(0, limit - used), 'memory mapping')} left (${used} of ${limit} in use) and ` +
      `${taskOf[use]} needs ${MIN_FREE_MAPPINGS}, or Node.js may abort: raise the limit with sysctl vm.max_map_count=${limit * 2}`,
  };
}

/**
 * Without overcommit, a fork is charged at once for everything that the child could write to
 * (__vm_enough_memory in the kernel).
 */
async function commitShortage({ pid, dataBytes }: ProcessStatus, root: string): Promise<Shortage | null> {
  if ((await numberIn(join(root, 'proc/sys/vm/overcommit_memory'))) !== 2) return null;
  const text = await readFile(join(root, 'proc/meminfo'), 'latin1').catch(orElse(''));
  const [limit, used] = ['CommitLimit', 'Committed_AS'].map((name) => {
    const kilobytes = new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  });
  const need = dataBytes + CHILD_TABLES + HEAP_GROWTH;
  if (limit == null || used == null || limit - used >= need) return null;
  return {
    code: 'little-memory',
    message:
      `this machine does not overcommit memory (vm.overcommit_memory is 2) and has ${formatBytes(Math.max(0, limit - used))} ` +
      `of ${formatBytes(limit)} left, but forking process ${pid} needs ${formatBytes(need)}: raise vm.overcommit_ratio, or add swap`,
  };
}

async function numberIn(path: string): Promise<number | null> {
  const text = await readFile(path, 'latin1').catch(orElse(null));
  return text === null || !/^\d+\s*$/.test(text) ? null : Number(text);
}

function countOf(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`;
}
