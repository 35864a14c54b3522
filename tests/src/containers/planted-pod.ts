/** Pods whose server holds what the tests look for in snapshots, and what a capture must not leave in one. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster, Pod, PodSettings } from '../cluster/index.js';
import { runCommand, type CommandEnd, type CommandOptions } from '../command.js';
import { eventually } from '../eventually.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** As a distroless image is run by the book: nothing in it can be written to but /tmp. */
export const plantedPod = {
  script: fixture('planted-server.js'),
  files: {
    '/app/planted.js': fixture('planted.js'),
    '/app/package.json': fileURLToPath(new URL('../../package.json', import.meta.url)),
  },
  tmp: 'exec',
  readOnlyRoot: true,
  memoryLimit: '300Mi',
  readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, timeoutSeconds: 2 },
} satisfies Partial<PodSettings>;

const modules = '/app/node_modules/@afterimage';

/** The agent, in a pod, as npm would have installed it. */
export const agentFiles = Object.fromEntries(
  ['agent/dist', 'agent/package.json']
    .concat(['host/dist', 'host/package.json', 'image/dist', 'image/bundled'])
    .concat(['image/prebuilds', 'image/package.json'])
    .concat(['snapshot/dist', 'snapshot/data', 'snapshot/package.json'])
    .concat(['v8-heap/dist', 'v8-heap/package.json'])
    .map((path) => [
      `${modules}/${path}`,
      fileURLToPath(new URL(`../../../packages/${path}`, import.meta.url)),
    ]),
);
/** For Node, to have that agent. */
export const agentArgs = ['--import', `${modules}/agent/dist/register.js`];

/** Runs `afterimage` as a user whose kubectl reaches the cluster. */
export function commandIn(
  { env }: Pick<Cluster, 'env'>,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  return runCommand(args, { ...options, env });
}

/** Waits until nothing of a capture is left in the pod: no process, no file, no port, no inspector. */
export async function assertNothingLeft(pod: Pod): Promise<void> {
  await eventually(() => {
    assert.deepEqual(pod.processes(), [pod.hostPid], 'a process is left');
    assert.deepEqual(filesIn(pod, '/tmp'), [], 'a file is left');
    assert.deepEqual(pod.listeningPorts(), [8080], 'a port is left open');
  });
}

/** Its server continued as if nothing had happened. */
export function assertUndisturbed(pod: Pod): void {
  assert.equal(pod.restartCount, 0);
  assert.deepEqual(pod.readinessFailures, []);
}

function filesIn({ hostPid }: Pod, directory: string): string[] {
  const path = `/proc/${hostPid}/root${directory}`;
  return existsSync(path) ? readdirSync(path) : [];
}

/** Names of files, in order, that are there when a command has ended. */
export function namesIn(directory: string): string[] {
  return readdirSync(directory)
    .map((path) => basename(path))
    .sort();
}
