/** Identifies the machine and the PID namespace within which a process ID means one process. */
import { orElse } from '@afterimage/host/errors';
import { namespaceOf } from '@afterimage/host/process-status';
import { readFile } from 'node:fs/promises';

export interface Place {
  machine: string;
  pidNamespace: string;
}

/** Returns an ID of this boot of this machine; null if it cannot be read. */
export async function machineId(): Promise<string | null> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(orElse(null));
  return text === null ? null : text.trim();
}

export async function pidNamespaceOf(pid: number | 'self'): Promise<string | null> {
  return namespaceOf(pid, 'pid');
}

/** Returns the place of this process; null if it cannot be read. */
export async function ownPlace(): Promise<Place | null> {
  const [machine, pidNamespace] = await Promise.all([machineId(), pidNamespaceOf('self')]);
  return machine === null || pidNamespace === null ? null : { machine, pidNamespace };
}
