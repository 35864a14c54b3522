/** Resolves the arguments of the command line to targets. Loads only the code of the kinds that are named. */
import { CommandError } from '../cli/command-error.js';
import { findPods, isClusterKind, type PodQuery } from '../container/pods.js';
import type { ContainerTool, InContainer } from './container-target.js';
import type { CaptureTarget } from './target.js';

export interface TargetOptions extends PodQuery, InContainer {
  /** Every matching pod, instead of the one that has been running longest; undefined if the verb takes a single target. */
  all: boolean | undefined;
}

const MAX_PID = 2 ** 22;

/**
 * Checks the arguments.
 * @throws {CommandError} `usage` if one is invalid
 */
export function checkTargets(
  words: readonly string[],
  { selector, all, pid, inCluster }: TargetOptions,
): void {
  if (words.length === 0 && selector === undefined)
    throw new CommandError('usage', 'name a target: a process id, pod/NAME, deploy/NAME, or -l SELECTOR');
  if (words.length > 0 && selector !== undefined)
    throw new CommandError('usage', 'give either names, or a selector with -l');
  for (const word of words) {
    const isPid = /^[1-9]\d*$/.test(word) && Number(word) <= MAX_PID;
    const kind = /^([a-z]+)\/[^/]+$/.exec(word)?.[1] ?? '';
    if (isPid || isClusterKind(kind) || isContainerTool(kind)) continue;
    throw new CommandError(
      'usage',
      `${word} is neither a process id nor pod/NAME, deploy/NAME, sts/NAME, docker/NAME or podman/NAME`,
    );
  }
  const isLocal = words.every((word) => /^\d+$/.test(word)) && selector === undefined;
  if (isLocal && all === true) throw new CommandError('usage', '--all is for pods and containers');
  if (isLocal && pid !== undefined) throw new CommandError('usage', '--pid is for pods and containers');
  const isCluster = words.every((word) => isClusterKind(word.split('/')[0]));
  if (inCluster && !isCluster) throw new CommandError('usage', '--develop in-cluster is for pods');
}

/**
 * Finds the targets.
 * @throws {CommandError} if a name matches nothing that is running
 */
export async function findTargets(
  words: readonly string[],
  options: TargetOptions,
  say: (line: string) => void,
): Promise<CaptureTarget[]> {
  if (options.selector !== undefined) return podTargets(undefined, options, say);
  const found: CaptureTarget[] = [];
  for (const word of words) {
    const [kind, name] = word.split('/');
    if (isContainerTool(kind)) {
      const { containerTarget } = await import('./container-target.js');
      found.push(containerTarget(kind, name, options));
    } else if (isClusterKind(kind)) {
      found.push(...(await podTargets(word, options, say)));
    } else {
      const { localTarget } = await import('./local-target.js');
      found.push(localTarget(Number(word), options.waitMs));
    }
  }
  return found;
}

async function podTargets(
  name: string | undefined,
  options: TargetOptions,
  say: (line: string) => void,
): Promise<CaptureTarget[]> {
  const pods = await findPods(name, options);
  const chosen = options.all === true ? pods : pods.slice(0, 1);
  if (chosen.length < pods.length) {
    const each = options.all === undefined ? '' : '. --all captures every one';
    say(
      `${name ?? options.selector ?? ''}: ${pods.length} pods match; using ${chosen[0].pod} (running longest)${each}`,
    );
  }
  const { podTarget } = await import('./container-target.js');
  return chosen.map((pod) => podTarget(pod, options, options));
}

function isContainerTool(kind: string): kind is ContainerTool {
  return kind === 'docker' || kind === 'podman';
}
