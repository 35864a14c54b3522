/** The directory that contains everything of a cluster, and cleanup of clusters whose test was killed. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeContainers } from './container.js';

const prefix = 'afterimage-cluster-';

export function newClusterDirectory(): string {
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

export async function removeClusterDirectory(directory: string): Promise<void> {
  await removeContainers(directory);
  rmSync(directory, { recursive: true, force: true });
}

/** Removes clusters whose process has ended. */
export async function removeLeftovers(): Promise<void> {
  const left = readdirSync(tmpdir()).filter((name) => {
    const [, pid] = /^afterimage-cluster-(\d+)-/.exec(name) ?? [];
    return pid !== undefined && !runs(Number(pid));
  });
  await Promise.all(left.map((name) => removeClusterDirectory(join(tmpdir(), name))));
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
