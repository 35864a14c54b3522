/**
 * Describes which resource a system call lacked, with the figures and what to do, for the error of a capture.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupsOf } from '@afterimage/host/cgroups';
import { codeOf } from '@afterimage/host/errors';
import { readResourceLimits, type ResourceLimits } from '@afterimage/host/resource-limits';
import { describeHeadroom, readHeadroom } from '@afterimage/host/headroom';

const CODES = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'];

/** Returns the first such code of the error or of its causes. */
export function shortageCode(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = codeOf(at);
    if (code !== undefined && CODES.includes(code)) return code;
  }
  return null;
}

/**
 * Returns one clause without a period: `all 64 descriptors are in use: close some, or raise the limit (ulimit
 * -n)`. Never throws.
 */
export async function describeShortage(code: string): Promise<string> {
  switch (code) {
    case 'EMFILE':
      return `${await descriptors()} are in use: close some, or raise the limit (ulimit -n)`;
    case 'ENFILE':
      return `the machine has no file handle left (${await line('/proc/sys/fs/file-nr')}: used, free, most): raise fs.file-max`;
    case 'EAGAIN':
      return `no process or thread is left (${await processes()}): raise the limit, or end some`;
    default: {
      const headroom = await readHeadroom().catch(() => null);
      return `the kernel gave no memory (${headroom === null ? 'unknown how much is left' : describeHeadroom(headroom)})`;
    }
  }
}

async function descriptors(): Promise<string> {
  const { descriptors: limit } = await ownLimits();
  return limit === Infinity ? 'all descriptors' : `all ${limit} descriptors`;
}

async function processes(): Promise<string> {
  const found: string[] = [];
  for (const { directory, path } of await cgroupsOf('self', 'pids').catch(() => [])) {
    const [current, max] = await Promise.all(
      ['pids.current', 'pids.max'].map((name) => line(join(directory, name))),
    );
    if (max !== '' && max !== 'max') found.push(`cgroup ${path}: ${current} of ${max}`);
  }
  const { threads } = await ownLimits();
  if (threads !== Infinity) found.push(`of this user: at most ${threads}`);
  return found.join('; ') || 'no limit found';
}

async function line(file: string): Promise<string> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return text.trim().replace(/\s+/g, ' ');
}

async function ownLimits(): Promise<Pick<ResourceLimits, 'descriptors' | 'threads'>> {
  return readResourceLimits('self').catch(() => ({ descriptors: Infinity, threads: Infinity }));
}
