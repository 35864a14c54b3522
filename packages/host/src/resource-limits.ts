/**
 * Reads the soft limits of a process, which are those that the kernel enforces, from /proc/PID/limits
 * (proc(5), getrlimit(2)).
 */
import { orElse } from './errors.js';
import { readFile } from 'node:fs/promises';

/** Soft limits; sizes in bytes. Infinity if there is no limit or it cannot be read for another reason than a shortage. */
export interface ResourceLimits {
  /** Descriptor numbers must be lower than this. */
  descriptors: number;
  /** Threads of the real user. */
  threads: number;
  addressSpace: number;
  /** Private writable memory, in bytes. */
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
  const text = await readFile(`${root}/${pid}/limits`, 'latin1').catch(orElse(''));
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
