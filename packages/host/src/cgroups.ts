/**
 * Finds the control groups (cgroups) of a process and their ancestors, because the limit of any of them
 * applies. Supports cgroup v1 and v2, on the host and in a container.
 */
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { codeOf } from './errors.js';
import { parseMounts } from './mounts.js';

export interface Cgroup {
  version: 1 | 2;
  /** Directory that contains the cgroup's files. */
  directory: string;
  /** Path below the mount point, for messages: `/kubepods/pod1`. */
  path: string;
}

interface Hierarchy {
  version: 1 | 2;
  /** Where the hierarchy is mounted, and which cgroup the mount shows as its root. */
  mountPoint: string;
  mountRoot: string;
}

/**
 * Returns the cgroup of the process first, then its ancestors up to the mounted root; empty if that cannot be
 * read. On a hybrid host the v2 cgroups are listed too, although they lack the controller's files.
 * @param controller as in /proc/PID/cgroup: `memory`, `pids`, `cpu`
 * @param root the directory that contains `/proc` and the cgroup mounts; for tests
 * @throws if no descriptor or memory is left for reading: otherwise a limit would go unnoticed
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
 * Returns the cgroup and its ancestors as paths below the mount point. In a container, the path may point
 * outside the mount (`/../..`, or the host's path); the mount's root is then our own cgroup.
 */
function lineage(own: string, mountRoot: string): string[] {
  const path = posix.relative(mountRoot, posix.normalize(own));
  const parts =
    own.includes('..') || path.startsWith('..') ? [] : path.split('/').filter((part) => part !== '');
  return [...parts.keys(), parts.length].map((depth) => `/${parts.slice(0, depth).join('/')}`).reverse();
}

const EXHAUSTED = ['EMFILE', 'ENFILE', 'ENOMEM'];

/**
 * Reads a kernel file; null if it does not exist or cannot be read.
 * @throws if no descriptor or memory is left for reading
 */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (EXHAUSTED.includes(codeOf(error) ?? '')) throw error;
    return null;
  }
}
