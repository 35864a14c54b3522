/** Finds the container of a process from the names that container runtimes give its cgroups. */
import { orElse } from '@afterimage/host/errors';
import { readFile } from 'node:fs/promises';

export interface Container {
  /** The first twelve digits, as the runtimes' own tools show it. */
  id: string;
  /** UID of the Kubernetes pod; null outside a pod. */
  podUid: string | null;
}

/** Returns null if the process is not in a container, or that cannot be determined. */
export async function containerOf(pid: number): Promise<Container | null> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(orElse(''));
  const id = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/m.exec(text)?.[1];
  if (id === undefined) return null;
  // Systemd's cgroup driver replaces the dashes of the UID by underscores.
  const podUid = /pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})/.exec(text)?.[1];
  return { id: id.slice(0, 12), podUid: podUid?.replaceAll('_', '-') ?? null };
}
