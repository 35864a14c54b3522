/** Finds the pods and containers for a name or a selector, and what is known about them. */
import { CommandError } from '../cli/command-error.js';
import { kubectlJson, type ClusterOptions } from './kubectl.js';

export interface PodTarget {
  namespace: string;
  pod: string;
  container: string;
  image: string;
  /** The container's start command, if its pod specifies it. */
  command: string[];
  /** In bytes, as configured in the cluster; null if there is none. */
  memoryLimit: number | null;
  isReady: boolean;
  restarts: number;
  /** Reason of the last restart: `OOMKilled`; null if it was never restarted. */
  lastEnd: string | null;
  startedAt: string;
  /** The node on which it runs. */
  node: string;
  /** Number of pods of its workload: all with the same labels, and the ready ones. */
  replicas: { ready: number; all: number };
  spec: PodSpec;
}

/** The parts of a pod that a pod next to it needs too. */
export interface PodSpec {
  serviceAccountName?: string;
  imagePullSecrets?: object[];
  nodeSelector?: object;
  tolerations?: object[];
  securityContext?: object;
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  image: string;
  state?: { running?: { startedAt?: string } };
  lastState?: { terminated?: { reason?: string } };
}

interface Pod {
  metadata: {
    name: string;
    namespace: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
  };
  spec: PodSpec & {
    nodeName?: string;
    containers: {
      name: string;
      image: string;
      command?: string[];
      resources?: { limits?: { memory?: string } };
    }[];
  };
  status: { phase?: string; containerStatuses?: ContainerStatus[] };
}

interface Workload {
  spec: { selector: { matchLabels?: Record<string, string> } };
}

export interface PodQuery extends ClusterOptions {
  container?: string | undefined;
  /** A label selector. */
  selector?: string | undefined;
}

const WORKLOADS: Record<string, string> = {
  deploy: 'deployment',
  deployment: 'deployment',
  deployments: 'deployment',
  sts: 'statefulset',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  rs: 'replicaset',
  replicaset: 'replicaset',
  replicasets: 'replicaset',
};

/** Tells whether `word` before the slash names a resource in a cluster. */
export function isClusterKind(word: string): boolean {
  return isPod(word) || Object.hasOwn(WORKLOADS, word);
}

const isPod = (word: string): boolean => ['pod', 'pods', 'po'].includes(word);

/**
 * Returns the matching running pods, the longest running first.
 * @param name `pod/NAME`, `deploy/NAME`, `sts/NAME`; undefined for a selector
 * @throws {CommandError} if none is running, or the container is ambiguous
 */
export async function findPods(name: string | undefined, query: PodQuery): Promise<PodTarget[]> {
  const what = name ?? `pods with ${query.selector ?? ''}`;
  const [kind = '', word = ''] = name?.split('/') ?? [];
  if (name !== undefined && isPod(kind)) {
    const pod = (await kubectlJson(query, what, ['get', 'pod', word])) as Pod;
    return [targetOf(pod, query, await siblings(pod, query))];
  }
  const selector = name === undefined ? query.selector : await selectorOf(kind, word, query);
  const { items } = (await kubectlJson(query, what, ['get', 'pods', '-l', selector ?? ''])) as {
    items: Pod[];
  };
  const running = items.filter(({ status }) => status.phase === 'Running');
  if (running.length === 0) {
    const others = items.length === 0 ? 'there is no pod' : `none of its ${items.length} pods runs`;
    throw new CommandError('targetGone', `${what}: ${others}`);
  }
  return running
    .map((pod) => targetOf(pod, query, items))
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

async function selectorOf(kind: string, name: string, query: PodQuery): Promise<string> {
  const { spec } = (await kubectlJson(query, `${kind}/${name}`, ['get', WORKLOADS[kind], name])) as Workload;
  return labelSelector(spec.selector.matchLabels ?? {});
}

function labelSelector(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}

/** Returns the pods with the same labels, which serve while one is captured. */
async function siblings(pod: Pod, query: PodQuery): Promise<Pod[]> {
  const { labels = {} } = pod.metadata;
  if (Object.keys(labels).length === 0) return [pod];
  const words = ['get', 'pods', '-l', labelSelector(labels)];
  const { items } = (await kubectlJson(query, `pods beside ${pod.metadata.name}`, words)) as { items: Pod[] };
  return items;
}

function targetOf(pod: Pod, query: PodQuery, all: readonly Pod[]): PodTarget {
  const { name: podName, namespace } = pod.metadata;
  const container = containerOf(pod, query.container);
  const status = pod.status.containerStatuses?.find(({ name }) => name === container.name);
  if (status?.state?.running === undefined)
    throw new CommandError('targetGone', `container ${container.name} of pod ${podName} does not run`);
  return {
    namespace,
    pod: podName,
    container: container.name,
    image: container.image,
    command: container.command ?? [],
    memoryLimit: bytesOf(container.resources?.limits?.memory),
    isReady: status.ready,
    restarts: status.restartCount,
    lastEnd: status.lastState?.terminated?.reason ?? null,
    startedAt: status.state.running.startedAt ?? '',
    node: pod.spec.nodeName ?? '',
    replicas: { ready: all.filter(isReady).length, all: all.length },
    spec: pod.spec,
  };
}

function containerOf(pod: Pod, named: string | undefined): Pod['spec']['containers'][number] {
  const { containers } = pod.spec;
  const wanted = named ?? pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  const found = wanted === undefined ? containers[0] : containers.find(({ name }) => name === wanted);
  const names = containers.map(({ name }) => name).join(', ');
  if (found === undefined)
    throw new CommandError(
      'usage',
      `pod ${pod.metadata.name} has no container ${wanted ?? ''}; it has ${names}`,
    );
  if (wanted === undefined && containers.length > 1) {
    throw new CommandError(
      'usage',
      `pod ${pod.metadata.name} has several containers: say which, -c NAME (${names})`,
    );
  }
  return found;
}

const isReady = ({ status }: Pod): boolean =>
  status.phase === 'Running' && (status.containerStatuses ?? []).every(({ ready }) => ready);

const UNITS: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Converts a Kubernetes quantity such as `512Mi` to bytes. */
function bytesOf(quantity: string | undefined): number | null {
  const found = /^([\d.]+)([a-zA-Z]*)$/.exec(quantity ?? '');
  return found !== null && found[2] in UNITS ? Number(found[1]) * UNITS[found[2]] : null;
}
