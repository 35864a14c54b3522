/** The soft limits of a process, from /proc/PID/limits (proc(5), getrlimit(2)): the kernel enforces those. */
import { readFile } from 'node:fs/promises';

/** Infinity where there is none, or it cannot be read. Sizes in bytes. */
export interface ResourceLimits {
  /** The number that no descriptor may reach. */
  descriptors: number;
  /** Threads of its real user. */
  threads: number;
  addressSpace: number;
  /** Private writable memory. */
  data: number;
  stack: number;
}

const NAMES: Record<keyof ResourceLimits, string> = {
  descriptors: 'Max open files',
  threads: 'Max processes',
  addressSpace: 'Max address space',
  data: 'Max data size',
  stack: 'Max stack size',
};

export async function readResourceLimits(pid: number | 'self', root = '/proc'): Promise<ResourceLimits> {
  const text = await readFile(`${root}/${pid}/limits`, 'latin1').catch(() => '');
  const limit = (name: string): number => {
    // Max open files            1024                 524288               files
    const soft = new RegExp(`^${name} +(\\d+) `, 'm').exec(text)?.[1];
    return soft === undefined ? Infinity : Number(soft);
  };
  return {
    descriptors: limit(NAMES.descriptors),
    threads: limit(NAMES.threads),
    addressSpace: limit(NAMES.addressSpace),
    data: limit(NAMES.data),
    stack: limit(NAMES.stack),
  };
}
