/** The cgroups that a container tool leaves behind: the parent of its containers, and everything below it. */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const mountPoint = '/sys/fs/cgroup';

/**
 * Removes the cgroup of that name under each controller.
 * @throws while a process is in one of them
 */
export function removeCgroups(name: string): void {
  for (const path of cgroupsNamed(name)) removeTree(path);
}

/** Under each controller of version 1, and in the one hierarchy of version 2. */
export function cgroupsNamed(name: string): string[] {
  return ['.', ...readdirSync(mountPoint)].map((root) => join(mountPoint, root, name)).filter(existsSync);
}

function removeTree(path: string): void {
  const entries = readdirSync(path, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) removeTree(join(path, entry.name));
  rmdirSync(path);
}
