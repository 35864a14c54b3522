/**
 * Rewrites advice from a container: its commands name a process by the ID that it has there, and the user, who is
 * outside, needs the ID that it has here.
 */
import { readStatus } from '@afterimage/host/process-status';
import { machineId, pidNamespaceOf, type Place } from '../processes/place.js';
import { readdir } from 'node:fs/promises';

/** The commands of advice that name a process: all that obstacles.ts, spare-resources.ts and candidate.ts give. */
const COMMAND = /\b(prlimit --pid|kill -CONT|afterimage (?:memory|descriptors|heap)) (\d+)/g;

/** Finds the ID here of a process in a container; null if it is not of this machine, or may not be looked at. */
export type FindPid = (inside: number) => Promise<number | null>;

/**
 * Returns the text with the IDs that the processes have here, or with `PID` and what that stands for.
 * @param name of the container
 */
export async function forOutside(text: string, name: string, find: FindPid): Promise<string> {
  const inside = new Set([...text.matchAll(COMMAND)].map(([, , pid]) => Number(pid)));
  const outside = new Map<number, number | null>();
  for (const pid of inside) outside.set(pid, await find(pid));
  const unknown = [...inside].filter((pid) => outside.get(pid) === null);
  const rewritten = text.replaceAll(
    COMMAND,
    (_, command: string, pid: string) => `${command} ${outside.get(Number(pid)) ?? 'PID'}`,
  );
  if (unknown.length === 0) return rewritten;
  return `${rewritten}; PID is what process ${unknown.join(', ')} of ${name} has on its machine, where these commands are run`;
}

/** Looks among the processes of this machine. */
export function finderIn(place: Place | null): FindPid {
  return async (inside) => {
    if (place === null || place.machine !== (await machineId())) return null;
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const status = await readStatus(Number(name));
      if (status?.namespacePids.at(-1) !== inside) continue;
      if ((await pidNamespaceOf(status.pid)) === place.pidNamespace) return status.pid;
    }
    return null;
  };
}
