/** A pod as tests see it: what it uses, what its server answers, what has happened to it. */
import {
  limitMemoryOf,
  memoryOf,
  oomKills,
  processesOf,
  resetMemoryPeak,
  type ContainerMemory,
} from './container-cgroup.js';
import type { Container } from './container.js';
import type { KeptPod } from './kubelet.js';
import type { PodObject, PodStatus } from './objects.js';
import { listeningPorts, type Answer, type Load, type PodNetwork } from './pod-network.js';
import { shortStatus } from './pod-status.js';

/** All but its status and its log throw when its container does not run. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly container: Container;
  /** Of its PID 1, as the host counts. */
  readonly hostPid: number;
  readonly restartCount: number;
  /** Readiness probes that failed after one had succeeded, whether or not they were enough to lose readiness. */
  readonly readinessFailures: readonly string[];
  status(): PodStatus;
  memory(): ContainerMemory;
  /** @param bytes at or above what is used, or the kernel ends what is in it */
  limitMemory(bytes: number): void;
  /** How often the kernel has killed a process of the running container for want of memory. */
  oomKills(): number;
  resetMemoryPeak(): void;
  /** Pids, as the host counts them. */
  processes(): number[];
  listeningPorts(): number[];
  /** Asks the pod's server from within the pod's network. */
  request(path: string, how?: RequestOptions): Promise<Answer>;
  /** Keeps asking until it is told to stop, at this pace whether or not answers come. */
  load(how: RequestOptions & { requestsPerSecond: number; path?: string }): Load;
  /** What its container has written until now, and the runs before it. */
  log(): string;
}

export interface RequestOptions {
  /** 8080 by default. */
  port?: number;
  method?: string;
  /** 30 s by default. */
  timeoutMs?: number;
}

export const defaultPort = 8080;
const defaultTimeoutMs = 30_000;

export function podOf(object: PodObject, kept: KeptPod): Pod {
  const { name, namespace = 'default' } = object.metadata;
  const running = (): { container: Container; network: PodNetwork } => {
    if (kept.running === undefined) throw new Error(`pod ${name} does not run: ${shortStatus(object)}`);
    return kept.running;
  };
  const cgroup = (): string => running().container.cgroup;
  return {
    name,
    namespace,
    get container() {
      return running().container;
    },
    get hostPid() {
      return running().container.pid;
    },
    get restartCount() {
      return object.status.containerStatuses[0]?.restartCount ?? 0;
    },
    get readinessFailures() {
      return kept.readinessFailures;
    },
    status: () => structuredClone(object.status),
    memory: () => memoryOf(cgroup()),
    limitMemory: (bytes) => limitMemoryOf(cgroup(), bytes),
    oomKills: () => oomKills(cgroup()),
    resetMemoryPeak: () => resetMemoryPeak(cgroup()),
    processes: () => processesOf(cgroup()),
    listeningPorts: () => listeningPorts(running().container.pid),
    request: async (path, { port = defaultPort, method = 'GET', timeoutMs = defaultTimeoutMs } = {}) =>
      running().network.request({ port, path, method, timeoutMs }),
    load: ({
      requestsPerSecond,
      path = '/',
      port = defaultPort,
      method = 'GET',
      timeoutMs = defaultTimeoutMs,
    }) => running().network.load({ port, path, method, timeoutMs }, requestsPerSecond),
    log: () => kept.log(),
  };
}
