/** Reads what the kernel reports about a process in /proc/PID/status and /proc/PID/ns (proc(5)). */
import { orElse } from './errors.js';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { readStat, TICKS_PER_SECOND } from './process-stat.js';

export interface ProcessStatus {
  pid: number;
  /** Process ID that the threads belong to; differs from `pid` if `pid` is the ID of a thread. */
  threadGroup: number;
  parent: number;
  /** One letter: R, S, D, T (stopped), Z (ended, not yet waited for). */
  state: string;
  /** Effective user ID. */
  uid: number;
  gid: number;
  /** Real user ID, which the kernel counts threads by (RLIMIT_NPROC). */
  realUid: number;
  /** Effective capabilities: bit N stands for capability N (capabilities(7)). */
  capabilities: bigint;
  /** Resident memory, in bytes. */
  rss: number;
  /** Size of the address space, and of its private writable part, in bytes. */
  virtualBytes: number;
  dataBytes: number;
  threads: number;
  /** Signals with a handler: bit N-1 stands for signal N. */
  caughtSignals: bigint;
  blockedSignals: bigint;
  /** Its process ID in each of its PID namespaces, the innermost last. */
  namespacePids: number[];
}

export const SIGUSR1_BIT = signalBit(10);

export function signalBit(number: number): bigint {
  return 1n << BigInt(number - 1);
}

/** Reads the status of a process; null if it does not exist. */
export async function readStatus(pid: number, root = '/proc'): Promise<ProcessStatus | null> {
  const text = await readFile(`${root}/${pid}/status`, 'latin1').catch(orElse(null));
  if (text === null) return null;
  const fields = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [
        line.slice(0, colon),
        line
          .slice(colon + 1)
          .trim()
          .split(/\s+/),
      ];
    }),
  );
  const field = (name: string, at = 0): string => fields.get(name)?.[at] ?? '0';
  return {
    pid,
    threadGroup: Number(field('Tgid')),
    parent: Number(field('PPid')),
    state: field('State'),
    uid: Number(field('Uid', 1)),
    gid: Number(field('Gid', 1)),
    realUid: Number(field('Uid')),
    capabilities: BigInt(`0x${field('CapEff')}`),
    rss: Number(field('VmRSS')) * 1024,
    virtualBytes: Number(field('VmSize')) * 1024,
    dataBytes: Number(field('VmData')) * 1024,
    threads: Number(field('Threads')),
    caughtSignals: BigInt(`0x${field('SigCgt')}`),
    blockedSignals: BigInt(`0x${field('SigBlk')}`),
    namespacePids: (fields.get('NSpid') ?? [String(pid)]).map(Number),
  };
}

export async function childrenOf(pid: number): Promise<ProcessStatus[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((each) => readStatus(each)));
  return found.filter((status) => status !== null).filter(({ parent }) => parent === pid);
}

/** Returns when a process started, in milliseconds since the epoch; null if it has ended. */
export async function startedAt(pid: number): Promise<number | null> {
  const [stat, uptime] = await Promise.all([
    readStat(pid),
    readFile('/proc/uptime', 'latin1').catch(orElse(null)),
  ]);
  if (stat === null || uptime === null) return null;
  const bootedAt = Date.now() - Number(uptime.split(' ')[0]) * 1000;
  return bootedAt + (stat.startTicks / TICKS_PER_SECOND) * 1000;
}

export type Namespace = 'net' | 'pid' | 'mnt' | 'user';

/** Returns a text that is equal for all processes in the same namespace; null if it cannot be read. */
export async function namespaceOf(pid: number | 'self', namespace: Namespace): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/${namespace}`).catch(orElse(null));
}
