/** Queries a cluster through the user's own kubectl, so that its authentication, proxy and context apply. */
import { throwIfWithoutPipes } from '@afterimage/host/spawn-failure';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { CommandError } from '../cli/command-error.js';
import { visible } from '../cli/visible.js';
import { notStarted, withoutLog, type ContainerAccess } from './access.js';

/** kubectl options that this command passes on. */
export interface ClusterOptions {
  namespace?: string | undefined;
  context?: string | undefined;
  kubeconfig?: string | undefined;
}

/** Time limit of a request; kubectl itself would wait forever. */
const REQUEST_TIMEOUT = '--request-timeout=20s';
/** Time limit including retries and authentication. */
const MAX_MS = 60_000;

export function kubectlArguments({ namespace, context, kubeconfig }: ClusterOptions): string[] {
  const named = { namespace, context, kubeconfig };
  return Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
}

/**
 * Returns kubectl's JSON output.
 * @param what the request, for messages
 * @throws {CommandError} with kubectl's message
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

/**
 * Returns kubectl's output.
 * @throws {CommandError}
 */
export async function kubectl(words: readonly string[], what: string, input?: string): Promise<string> {
  const child = spawn('kubectl', words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: MAX_MS,
    killSignal: 'SIGKILL',
  });
  throwIfWithoutPipes(child, 'kubectl');
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
