/**
 * Asks a cluster through the user's own kubectl: whatever way of signing in, proxy or context it is set up with is then
 * ours as well.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { CommandError } from '../cli/command-error.js';
import { visible } from '../cli/visible.js';
import { notStarted, withoutLog, type ContainerAccess } from './access.js';

/** Options of kubectl's that this command passes on. */
export interface ClusterOptions {
  namespace?: string | undefined;
  context?: string | undefined;
  kubeconfig?: string | undefined;
}

/** A request takes no longer; kubectl itself would wait for ever. */
const REQUEST_TIMEOUT = '--request-timeout=20s';
/** Nor do all its tries, and whatever it signs in by. */
const MAX_MS = 60_000;

export function kubectlArguments({ namespace, context, kubeconfig }: ClusterOptions): string[] {
  const named = { namespace, context, kubeconfig };
  return Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
}

/**
 * What kubectl prints as JSON.
 * @param what of the request, for messages
 * @throws {CommandError} with what kubectl said
 */
export async function kubectlJson(
  cluster: ClusterOptions,
  what: string,
  words: readonly string[],
  input?: string,
): Promise<unknown> {
  const all = [...words, ...kubectlArguments(cluster), '-o', 'json'];
  return JSON.parse(await kubectl([...all, REQUEST_TIMEOUT], what, input)) as unknown;
}

/** What it prints. @throws {CommandError} */
export async function kubectl(words: readonly string[], what: string, input?: string): Promise<string> {
  const child = spawn('kubectl', words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: MAX_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const failed = new Promise<never>((_, reject) => {
    child.on('error', (error) => reject(notStarted('kubectl', error)));
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [output, errors, code] = await Promise.race([
    Promise.all([text(child.stdout), text(child.stderr), ended]),
    failed,
  ]);
  if (code === 0) return output;
  if (code === null)
    throw new CommandError('failed', `${what}: the cluster did not answer within ${MAX_MS / 1000} s`);
  throw requestError(what, errors);
}

function requestError(what: string, errors: string): CommandError {
  const said = visible(withoutLog(errors).split('\n').slice(-2).join(' '));
  if (/forbidden/i.test(errors)) {
    return new CommandError(
      'refused',
      `${what}: ${said}; capturing needs the rights pods: get, list and pods/exec: create (deployments, statefulsets and ` +
        'replicasets: get, where one is named)',
    );
  }
  return new CommandError(/not ?found/i.test(errors) ? 'targetGone' : 'failed', `${what}: ${said}`);
}

export function podAccess(cluster: ClusterOptions, pod: string, container: string): ContainerAccess {
  const where = kubectlArguments(cluster);
  return {
    name: `pod ${pod}/${container}`,
    program: 'kubectl',
    arguments: ['exec', '-i', ...where, pod, '-c', container, '--'],
  };
}
