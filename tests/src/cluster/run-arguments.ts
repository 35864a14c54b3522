/** Containers as options of `docker run` and `podman run`, as hardened as the tests' pods. */
import { nodeOf } from '../nodes.js';
import { amount } from './objects.js';
import type { PodSettings } from './pod-manifest.js';
import { enterNetwork, type Answer } from './pod-network.js';
import { defaultPort } from './pod.js';
import { defaultNodePath, defaultUid, type Image } from './root-file-system.js';

export interface ToolContainer {
  name: string;
  /** For programs that call the tool: with it, `docker exec NAME …` or `podman exec NAME …` finds the container. */
  env: Record<string, string>;
  /** Of its PID 1, as the host counts. */
  hostPid: number;
  /** Asks its server from within its network. */
  request(path: string): Promise<Answer>;
  /** Removes everything. */
  close(): Promise<void>;
}

export type ToolSettings = Pick<
  PodSettings,
  'name' | 'node' | 'nodePath' | 'script' | 'nodeArgs' | 'scriptArgs' | 'files' | 'tmp' | 'memoryLimit' | 'uid' | 'readOnlyRoot' | 'env' // prettier-ignore
>;

/** Without the network that a bridge would be, and with the tool's own default of seccomp. */
export function runOptions(settings: ToolSettings, image: Image, cgroup: string): string[] {
  const { name, memoryLimit, uid = defaultUid, readOnlyRoot = false, env = {} } = settings;
  return [
    ...['--detach', '--name', name, '--network', 'none', '--cgroup-parent', `/${cgroup}`],
    ...['--user', `${uid}:${uid}`, '--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
    ...(memoryLimit === undefined ? [] : ['--memory', String(amount(memoryLimit))]),
    ...(readOnlyRoot ? ['--read-only'] : []),
    ...(image.tmp === 'exec' || image.tmp === 'noexec' ? ['--tmpfs', `/tmp:${image.tmp}`] : []),
    ...Object.entries(env).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
    ...['--volume', `${nodeOf(image.node).path}:${image.nodePath ?? defaultNodePath}:ro`],
  ];
}

/** What it runs: Node, as its PID 1. */
export function runCommandLine(image: Image): string[] {
  return [image.nodePath ?? defaultNodePath, ...(image.args ?? [])];
}

/** @param removeAll called by `close` */
export function toolContainer(
  name: string,
  env: Record<string, string>,
  hostPid: number,
  removeAll: () => Promise<void>,
): ToolContainer {
  const network = enterNetwork(hostPid);
  return {
    name,
    env,
    hostPid,
    request: (path) => network.request({ path, port: defaultPort, method: 'GET', timeoutMs: 30_000 }),
    close: async () => {
      await network.close();
      await removeAll();
    },
  };
}
