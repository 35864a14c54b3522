/** Which container a process is in, from the names that container runtimes give their cgroups. */
import { readFile } from 'node:fs/promises';

export interface Container {
  /** The first twelve digits, as the runtimes' own tools show it. */
  id: string;
  /** Of Kubernetes, where it is one of its pods. */
  podUid: string | null;
}

/** Null where it is in none, or nothing says so. */
export async function containerOf(pid: number): Promise<Container | null> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const id = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/m.exec(text)?.[1];
  if (id === undefined) return null;
  // Under systemd's cgroup driver the dashes of the uid are underscores.
  const podUid = /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})/.exec(text)?.[1];
  return { id: id.slice(0, 12), podUid: podUid?.replaceAll('_', '-') ?? null };
}
