/** Facts shown before a container is touched, so that the user can still cancel. */
import { formatBytes } from '@afterimage/host/format';
import type { ClosedProcess, FromKit, SeenProcess, Surroundings } from '../kit/protocol.js';
import { CommandError } from '../cli/command-error.js';
import { visible } from '../cli/visible.js';
import { formatNumberOf } from '../cli/quantities.js';
import type { PodTarget } from './pods.js';

type Memory = Surroundings['memory'];

export function podLines(target: PodTarget, process: SeenProcess, memory: Memory): string[] {
  const { pod, container, restarts, lastEnd, replicas, isReady } = target;
  const last = lastEnd === null ? '' : `, the last time ${lastEnd}`;
  const lines = [
    `pod ${pod}/${container}${target.node === '' ? '' : ` on ${target.node}`}: ${isReady ? 'ready' : 'not ready'}, ${formatNumberOf(restarts, 'restart')}${last}; ` +
      `${replicas.ready} of ${formatNumberOf(replicas.all, 'replica')} ready`,
    ...containerLines(process, memory),
  ];
  if (replicas.ready <= 1) {
    lines.push(
      'warning: no other replica serves meanwhile; an image holds this one up for milliseconds only, a snapshot with a pause ' +
        'would take it out of service',
    );
  }
  return lines.map(visible);
}

export function containerLines(process: SeenProcess, memory: Memory): string[] {
  const { limit, used, available, source } = memory;
  const headroom = `memory ${formatBytes(used)} of ${formatBytes(limit)} (${source}), headroom ${formatBytes(available)}`;
  return [
    `process ${process.pid}: Node.js ${process.nodeVersion}, ${process.command}, ${formatBytes(process.rss)} resident; ${headroom}`,
  ];
}

export type Found = Pick<Extract<FromKit, { type: 'found' }>, 'processes' | 'closed' | 'surroundings'>;

/**
 * Returns the owner of the requested processes that cannot be inspected; null if there are none, or they have
 * several owners.
 */
export function ownerOfMeant({ processes, closed }: Found, pid: number | undefined): ClosedProcess | null {
  const meant = pid === undefined && processes.length > 0 ? [] : closed.filter((each) => isMeant(each, pid));
  const [first = null, ...others] = meant;
  return others.every(({ uid, gid }) => uid === first?.uid && gid === first.gid) ? first : null;
}

const isMeant = (process: { pid: number }, pid: number | undefined): boolean =>
  pid === undefined || process.pid === pid;

/**
 * Returns the requested process if it can be captured.
 * @param pid as requested
 * @param byAgent whether its agent captures it, if it has one
 * @throws {CommandError} if it is ambiguous, or cannot be captured; nothing has been sent to any process
 */
export function chooseProcess(
  found: Found,
  pid: number | undefined,
  byAgent: boolean,
  where: string,
): SeenProcess {
  const process = meantProcess(found, pid, where);
  const { obstacle } = byAgent && process.agent !== null ? process.agent : process;
  if (obstacle !== null)
    throw new CommandError('refused', `${where}: ${visible(obstacle)} (nothing was sent to it)`);
  return process;
}

/**
 * Returns the requested process.
 * @throws {CommandError} if it is ambiguous, or cannot be inspected
 */
export function meantProcess(
  { processes, closed, surroundings }: Found,
  pid: number | undefined,
  where: string,
): SeenProcess {
  const list = processes.map((each) => `${each.pid} (${each.command}, ${formatBytes(each.rss)})`).join(', ');
  const found = processes.filter((each) => isMeant(each, pid));
  const hidden = closed.find((each) => isMeant(each, pid));
  if (found.length === 0 && hidden !== undefined) {
    const { uid } = surroundings;
    const whose = hidden.uid === uid ? 'which has made itself that user' : `which user id ${hidden.uid} owns`;
    throw new CommandError(
      'refused',
      `${where}: user id ${uid} cannot inspect process ${hidden.pid} there, ${whose}: start the container as the user ` +
        'that the process runs as, or the process with the agent (nothing was sent to it)',
    );
  }
  if (found.length === 0) {
    const seen = list === '' ? 'no Node.js process' : `no Node.js process ${pid ?? ''}, but ${list}`;
    throw new CommandError(
      'refused',
      `${where} has ${visible(seen)}; is it another container (of a pod: -c)?`,
    );
  }
  if (found.length > 1)
    throw new CommandError(
      'refused',
      `${where} has several Node.js processes: choose one with --pid N: ${visible(list)}`,
    );
  return found[0];
}
