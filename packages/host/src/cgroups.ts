/**
 * The control groups of a process, and their ancestors: a limit of any of them holds. Works for version 1 and 2, on
 * the host and in a container.
 */
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { codeOf } from './errors.js';
import { parseMounts } from './mounts.js';

export interface Cgroup {
  version: 1 | 2;
  /** Where its files are. */
  directory: string;
  /** Path below the mount point, for a message: `/kubepods/pod1`. */
  path: string;
}

interface Hierarchy {
  version: 1 | 2;
  /** Where it is mounted, and which cgroup the mount shows as its root. */
  mountPoint: string;
  mountRoot: string;
}

/**
 * The process's own cgroup first, then its ancestors up to the root of what is mounted. Empty where it cannot be read.
 * On a hybrid host the version 2 cgroups are listed too, though the controller's files are missing there.
 * @param controller as in /proc/PID/cgroup: `memory`, `pids`, `cpu`
 * @param root the directory under which `/proc` and the cgroup mounts are found; for tests
 * @throws where no descriptor or memory is left to read it with: a limit must not pass for none because of that
 */
export async function cgroupsOf(pid: number | 'self', controller: string, root = '/'): Promise<Cgroup[]> {
  const [mountinfo, membership] = await Promise.all([
    readText(join(root, 'proc/self/mountinfo')),
    readText(join(root, `proc/${pid}/cgroup`)),
  ]);
  if (mountinfo === null || membership === null) return [];
  return hierarchies(mountinfo, controller).flatMap(({ version, mountPoint, mountRoot }) => {
    const own = cgroupPath(membership, version, controller);
    if (own === null) return [];
    return lineage(own, mountRoot).map((path) => ({
      version,
      directory: join(root, mountPoint, path),
      path,
    }));
  });
}

function hierarchies(mountinfo: string, controller: string): Hierarchy[] {
  return parseMounts(mountinfo).flatMap(({ type, point, root, superOptions }): Hierarchy[] => {
    if (type === 'cgroup2') return [{ version: 2, mountPoint: point, mountRoot: root }];
    const isMeant = type === 'cgroup' && superOptions.includes(controller);
    return isMeant ? [{ version: 1, mountPoint: point, mountRoot: root }] : [];
  });
}

function cgroupPath(membership: string, version: 1 | 2, controller: string): string | null {
  for (const line of membership.split('\n')) {
    const [id, controllers = '', ...rest] = line.split(':');
    const matches =
      version === 2 ? id === '0' && controllers === '' : controllers.split(',').includes(controller);
    if (matches) return rest.join(':');
  }
  return null;
}

/**
 * The cgroup and its ancestors, as paths below the mount point. In a container the path may name a place
 * outside of what is mounted (`/../..`, or the host's path): then the mount itself shows our own cgroup.
 */
function lineage(own: string, mountRoot: string): string[] {
  const path = posix.relative(mountRoot, posix.normalize(own));
  const parts =
    own.includes('..') || path.startsWith('..') ? [] : path.split('/').filter((part) => part !== '');
  return [...parts.keys(), parts.length].map((depth) => `/${parts.slice(0, depth).join('/')}`).reverse();
}

const EXHAUSTED = ['EMFILE', 'ENFILE', 'ENOMEM'];

/**
 * A file of the kernel's; null where there is none, or it may not be read.
 * @throws where no descriptor or memory is left to read it with
 */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (EXHAUSTED.includes(codeOf(error) ?? '')) throw error;
    return null;
  }
}
